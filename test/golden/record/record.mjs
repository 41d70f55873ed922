// npm run golden:record -- <version> <mode> <plan>...: records what a real Apache Kafka does. Gets its jars from Maven Central (once, into .cache),
// compiles the driver against them, runs the plans, and writes the recordings as test/golden/recordings keeps them. See README.md.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../../..');
const cache = join(root, '.cache/golden');
const MODES = ['zookeeper', 'kraft', 'kraft-combined'];
const LOGGING = {
  3: [['org.slf4j', 'slf4j-reload4j', '1.7.36']],
  4: [['org.apache.logging.log4j', 'log4j-slf4j-impl', '2.25.4'], ['org.apache.logging.log4j', 'log4j-1.2-api', '2.25.4']],
};

function stop(what, cure) {
  console.error(`${what}\n  cure  ${cure}`);
  process.exit(2);
}

const [version, mode, ...plans] = process.argv.slice(2);
if (version === undefined || plans.length === 0) stop('npm run golden:record needs a version, a mode and plans', 'Write: npm run golden:record -- 3.9.1 kraft fail ops (plans: test/golden/record/plans.py).');
if (!/^[34]\.\d+\.\d+$/.test(version)) stop(`"${version}" is no release of Apache Kafka`, 'Write a release, such as 3.9.1 or 4.3.1.');
if (!MODES.includes(mode)) stop(`unknown mode "${mode}"`, `Write one of ${MODES.join(', ')}.`);
if (mode === 'zookeeper' && !version.startsWith('3.')) stop('Apache Kafka 4 has no ZooKeeper mode', 'Use a 3.x release, or the mode kraft.');

function need(command, words, pattern, cure) {
  const { status, stdout, stderr } = spawnSync(command, words, { encoding: 'utf8' });
  if (status !== 0 || !pattern.test(`${stdout}${stderr}`)) stop(`"${command} ${words.join(' ')}" does not give what is needed`, cure);
}
need('java', ['-version'], /version "(1[7-9]|[2-9]\d)/, 'Install a JDK of version 17 or newer.');
need('mvn', ['-v'], /Apache Maven/, 'Install Apache Maven.');
need('python3', ['--version'], /Python 3\.1\d/, 'Install Python 3.10 or newer.');
if (mode === 'zookeeper') need('python3', ['-c', 'import kazoo'], /^/, 'pip install kazoo: the recorder looks at the znodes with it.');

function run(command, words, options = {}) {
  const { status } = spawnSync(command, words, { stdio: 'inherit', ...options });
  if (status !== 0) stop(`${command} ended with ${status}`, 'See its output above.');
}

const folder = join(cache, version);
const lib = join(folder, 'lib');
const build = join(folder, 'build');
if (!existsSync(lib)) {
  mkdirSync(folder, { recursive: true });
  const dependencies = [['org.apache.kafka', 'kafka_2.13', version], ['org.apache.kafka', 'kafka-tools', version], ...LOGGING[version[0]]]
    .map(([group, artifact, release]) => `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${release}</version></dependency>`);
  writeFileSync(join(folder, 'pom.xml'), `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>recorder</groupId>`
    + `<artifactId>recorder</artifactId><version>1</version><dependencies>${dependencies.join('')}</dependencies></project>\n`);
  run('mvn', ['-q', '-f', join(folder, 'pom.xml'), 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${lib}`]);
}
run('sh', [join(here, 'build.sh'), lib, build]);

const key = version.replaceAll('.', '_');
const out = join(cache, 'recorded');
run('python3', [join(here, 'run.py'), version, mode, '0', 'public', ...plans], {
  env: { ...process.env, GOLDEN_WORK: join(cache, 'work'), [`GOLDEN_LIB_${key}`]: lib, [`GOLDEN_CLASSES_${key}`]: join(build, 'classes'), GOLDEN_OUT: out },
});
run('python3', [join(here, 'renorm.py'), out]);

// One step a line: a difference between two recordings is then a difference of lines.
const from = join(out, `${version}-${mode}`);
for (const name of existsSync(from) ? readdirSync(from).filter(file => file.endsWith('.json')) : []) {
  const { steps, random, notes, normalised, ...head } = JSON.parse(readFileSync(join(from, name), 'utf8'));
  const lines = Object.entries(head).map(([field, value]) => `${JSON.stringify(field)}: ${JSON.stringify(value)}`);
  const path = join(from, name);
  writeFileSync(path, `{\n${lines.join(',\n')},\n"steps": [\n${steps.map(step => JSON.stringify(step)).join(',\n')}\n],\n`
    + `"random": ${JSON.stringify(random)},\n"notes": ${JSON.stringify(notes)},\n"normalised": ${JSON.stringify(normalised)}\n}\n`);
  console.log(relative(root, path));
}
console.log('Read them, then copy what the project should rely on to test/golden/recordings.');
