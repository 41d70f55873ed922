// npm start [-- --port N --host H]: installs if needed, builds if stale, serves, prints the address.
import { createStaticServer } from './static-server.mjs';
import { buildIfStale, DIST, installIfNeeded, main, requireNode, StartError } from './toolchain.mjs';

const DEFAULT_PORT = 4321;
const DEFAULT_HOST = 'localhost';

await main(async () => {
  requireNode();
  const { port, host } = readOptions(process.argv.slice(2));
  await installIfNeeded();
  await buildIfStale();
  await serve(port, host);
});

function readOptions(args) {
  const options = { port: DEFAULT_PORT, host: DEFAULT_HOST };
  for (let at = 0; at < args.length; at += 1) {
    const [, name, inline] = /^--(port|host)(?:=(.*))?$/.exec(args[at]) ?? [];
    if (name === undefined) throw new StartError(`"${args[at]}" is not an option. npm start knows --port N and --host H, after "--": npm start -- --port 8080`);
    const value = inline ?? args[(at += 1)];
    if (value === undefined || value === '') throw new StartError(`--${name} needs a value: npm start -- --${name} ${name === 'port' ? '8080' : '0.0.0.0'}`);
    options[name] = name === 'port' ? readPort(value) : value;
  }
  return options;
}

function readPort(text) {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new StartError(`"${text}" is not a port. Expected a whole number from 0 (any free port) to 65535.`);
}

function serve(port, host) {
  return new Promise((resolve, reject) => {
    const server = createStaticServer({ root: DIST });
    server.on('error', (reason) => reject(serveError(reason, port, host)));
    server.listen(port, host, () => {
      const shownHost = host.includes(':') ? `[${host}]` : host;
      console.log(`Sorting Office is open at http://${shownHost}:${server.address().port}/  (Ctrl+C closes it)`);
      resolve();
    });
  });
}

function serveError(reason, port, host) {
  if (reason.code === 'EADDRINUSE') return new StartError(`Port ${port} is taken by another program. Close it, or choose another port: npm start -- --port ${port === 65_535 ? 8080 : port + 1}`);
  if (reason.code === 'EACCES') return new StartError(`This user may not open port ${port}. Choose one above 1023: npm start -- --port 8080`);
  if (reason.code === 'EADDRNOTAVAIL' || reason.code === 'ENOTFOUND') return new StartError(`"${host}" is not an address of this machine. Try --host localhost, or --host 0.0.0.0 for every network.`);
  return reason;
}
