import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { AuthorError } from "#src/lesson/author-error.ts";
import { clusterSpecOf } from "#src/lesson/cluster-spec-of.ts";
import { cellsOf, measuresOf, parseLesson } from "#src/lesson/parse-lesson.ts";

const FILE = "lessons/03-replication/60-the-leader-dies/index.md";
const LEADER_DIES = readFileSync(new URL("fixtures/the-leader-dies.md", import.meta.url), "utf8");

/** A lesson that is right; each test of an error changes one thing in it. */
const SMALL = [
  "---",
  "title: A small lesson",
  "question: What is small?",
  "minutes: 2",
  "kafka: 3.9 kraft",
  "fidelity: [CORE-TIME]",
  "sources: [KIP-631]",
  "---",
  "",
  "```cluster id=main seed=7",
  "describe: Three brokers.",
  "topics: { user-events: { partitions: 3, replicas: 3 } }",
  "```",
  "",
  "Prose with [](run:gap).",
  "",
  "```ts cell id=after",
  "cluster.observe()",
  "```",
  "```claims for=after",
  "It is so: true",
  "```",
  "```measures",
  "gap: time without a leader, user-events 1, after kill 2",
  "```",
].join("\n");

function messageOf(text: string, file = FILE): string {
  try {
    parseLesson(text, file);
  } catch (reason) {
    if (reason instanceof AuthorError) return reason.message;
    throw reason;
  }
  throw new Error("the text was accepted");
}

/** SMALL with one line replaced by others; line numbers as an author counts them. */
function withLine(line: number, ...replacement: readonly string[]): string {
  return SMALL.split("\n").toSpliced(line - 1, 1, ...replacement).join("\n");
}

describe("a lesson that is right", () => {
  const lesson = parseLesson(LEADER_DIES, FILE);

  test("is named by its folders", () => {
    expect([lesson.partId, lesson.id]).toEqual(["replication", "the-leader-dies"]);
  });

  test("keeps its blocks in order, and a placeholder for each in the Markdown", () => {
    expect(lesson.blocks.map((block) => block.kind)).toEqual([
      "cluster", "predict", "cell", "claims", "measures", "elsewhere", "cell", "cell", "claims", "mermaid", "predict", "cell",
      "claims", "deeper",
    ]);
    const indexes = [...lesson.markdown.matchAll(/data-index="(\d+)"/g)].map((match) => Number(match[1]));
    expect(indexes).toEqual(lesson.blocks.map((_, index) => index));
    expect(lesson.markdown).not.toContain("```");
  });

  test("has numbered cells, claims with expressions, and measures", () => {
    expect(cellsOf(lesson).map((cell) => `${cell.number} ${cell.id}`)).toEqual(["1 after", "2 faster", "3 hasty", "4 yours"]);
    const claims = lesson.blocks.flatMap((block) => (block.kind === "claims" && block.for === "after" ? block.claims : []));
    expect(claims[1]).toEqual({
      line: 39,
      sentence: "The first live in-sync replica in assignment order leads",
      expression: "partition(1).leader === 3",
    });
    expect(measuresOf(lesson.blocks).map((measure) => measure.name)).toEqual(["leaderless", "sinceHeartbeat"]);
  });

  test("turns its cluster into a spec of the engine", () => {
    expect(clusterSpecOf(lesson.cluster)).toEqual({
      kafka: "3.9",
      mode: "kraft",
      nodes: [{ id: 1, host: "cpu-node1" }, { id: 2, host: "cpu-node2" }, { id: 3, host: "worker-node3" }],
      settings: {},
      topics: [{ name: "user-events", assignment: [[1, 2, 3], [2, 3, 1], [3, 1, 2]], configs: { "min.insync.replicas": 2 } }],
      producers: [
        {
          id: "web-1",
          settings: { acks: "all" },
          workload: { topic: "user-events", everyMs: 500, keys: ["customer-123", "customer-456", "user-1"] },
        },
      ],
      consumers: [],
      startMs: 12_000,
    });
  });

  test("reads a prediction: steps in order, what is measured, and which value each option names", () => {
    const who = lesson.blocks.find((block) => block.kind === "predict");
    expect(who).toMatchObject({
      then: [{ verb: "kill", broker: 2 }, { verb: "advance", duration: "15s" }],
      answer: { measure: "leader", topic: "user-events", partition: 1 },
    });
    expect(who?.options.map((option) => option.value)).toEqual(["1", "3", null, "-1"]);
  });

  test("may have Windows line ends", () => {
    expect(parseLesson(LEADER_DIES.replaceAll("\n", "\r\n"), FILE)).toEqual(lesson);
  });

  test("may show quiet code, and fences inside longer fences are only shown", () => {
    const text = `${SMALL}\n\`\`\`\`text\n\`\`\`cluster id=not-live\n\`\`\`\n\`\`\`\``;
    expect(parseLesson(text, FILE).blocks).toHaveLength(4);
  });
});

describe("the small lesson", () => {
  test("is right before it is changed", () => {
    expect(parseLesson(SMALL, FILE).blocks).toHaveLength(4);
  });
});

describe("an author who makes a mistake is told where, what was expected, what was found, and the cure", () => {
  test("no front matter", () => {
    expect(messageOf("# Hello")).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:1: the lesson has no front matter
        expected  a first line "---", the keys title, question, minutes, kafka, fidelity, sources, and a closing "---"
        found     "# Hello"
        cure      Copy the head of another lesson and change it."
    `);
  });
  test("front matter that never ends", () => {
    expect(messageOf("---\ntitle: x")).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:1: the lesson has no front matter
        expected  a first line "---", the keys title, question, minutes, kafka, fidelity, sources, and a closing "---"
        found     an opening "---" that is never closed
        cure      Copy the head of another lesson and change it."
    `);
  });
  test("an unknown key in the front matter", () => {
    expect(messageOf(withLine(4, "minuts: 2"))).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:4:1: unknown key "minuts" in the front matter
        expected  title, question, minutes, kafka, needs, fidelity, sources, summary
        found     minuts
        cure      Did you mean "minutes"?"
    `);
  });
  test("a key of the front matter that is missing", () => {
    expect(messageOf(withLine(7))).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:2: the front matter has no "sources"
        expected  at least title, question, minutes, kafka, fidelity, sources
        found     title, question, minutes, kafka, fidelity
        cure      Add a line "sources: …"."
    `);
  });
  test("a number that is none", () => {
    expect(messageOf(withLine(4, "minutes: five"))).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:4:10: "minutes" in the front matter cannot be read
        expected  a whole number from 1 to 60
        found     "five"
        cure      Write a number in that range after "minutes:"."
    `);
  });
  test("a profile that the engine does not have", () => {
    expect(messageOf(withLine(5, "kafka: 4.3 zookeeper"))).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:5:8: "kafka" in the front matter cannot be read
        expected  a version and mode that the engine has: 3.9 zookeeper, 3.9 kraft or 4.3 kraft
        found     "4.3 zookeeper"
        cure      Write "kafka: …" in that form."
    `);
  });
  test("YAML that breaks on a colon", () => {
    expect(messageOf(withLine(11, "describe: Three brokers: one, two, three."))).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:11:11: a text in the cluster block holds a colon and a space
        expected  one "key: value" per line
        found     describe: Three brokers: one, two, three.
        cure      Put the text in double quotes."
    `);
  });
  test("a key that is written twice", () => {
    expect(messageOf(withLine(11, "describe: Three brokers.", "describe: Two."))).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:12:1: a key stands twice in the cluster block
        expected  each key once
        found     describe: Two.
        cure      Keep one of the two."
    `);
  });
  test("an unknown key in a block", () => {
    expect(messageOf(withLine(12, "topcis: { user-events: { partitions: 3 } }"))).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:12:1: unknown key "topcis" in the cluster block
        expected  describe, preset, profile, brokers, controllers, zookeeper, later, racks, topics, producers, consumers, start, or a Kafka setting by its own name, such as min.insync.replicas
        found     topcis
        cure      Did you mean "topics"?"
    `);
  });
  test("an unknown key deep in a block", () => {
    expect(messageOf(withLine(12, "topics:", "  user-events:", "    partitons: 3"))).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:14:5: unknown key "partitons" in "user-events" in the cluster block
        expected  partitions, replicas, assignment, or a Kafka setting by its own name, such as min.insync.replicas
        found     partitons
        cure      Did you mean "partitions"?"
    `);
  });
  test("a cluster that nobody can hear described", () => {
    expect(messageOf(withLine(11))).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:11: the cluster block has no "describe"
        expected  at least describe
        found     topics
        cure      Add "describe: …": the sentence that says the cluster to a reader who cannot see it."
    `);
  });
  test("a cluster without a seed", () => {
    expect(messageOf(withLine(10, "```cluster id=main"))).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:10: the head of the cluster block has no "seed"
        expected  at least id, seed
        found     id
        cure      Write "seed=…" after the name of the block."
    `);
  });
  test("a lesson without a cluster", () => {
    expect(messageOf(SMALL.split("\n").toSpliced(9, 4).join("\n"))).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:1: the lesson has no cluster
        expected  one "cluster" block at least: every page has a live cluster beside it
        found     none
        cure      Add \`\`\`cluster id=main seed=7 after the front matter."
    `);
  });
  test("a block with an unknown name", () => {
    expect(messageOf(withLine(10, "```clutser id=main seed=7"))).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:10: unknown block "clutser id=main seed=7"
        expected  a live block (cluster, ts cell, claims, measures, predict, elsewhere, why, simplified, mermaid, compare, drill, deeper) or a language (text, sh, json, properties, yaml, ini, java, sql, xml, ts, js)
        found     clutser
        cure      Did you mean "cluster"?"
    `);
  });
  test("a cell that does not say its language", () => {
    expect(messageOf(withLine(17, "```cell id=after"))).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:17: unknown block "cell id=after"
        expected  a live block (cluster, ts cell, claims, measures, predict, elsewhere, why, simplified, mermaid, compare, drill, deeper) or a language (text, sh, json, properties, yaml, ini, java, sql, xml, ts, js)
        found     cell
        cure      Write "ts cell id=…": cells say their language."
    `);
  });
  test("a block that is indented", () => {
    expect(messageOf(withLine(17, "  ```ts cell id=after"))).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:17:3: the "ts cell" block is indented
        expected  the three backticks in the first column
        found     2 spaces before them
        cure      Move the block to the left edge, out of any list."
    `);
  });
  test("a block that is never closed", () => {
    expect(messageOf(SMALL.split("\n").slice(0, -1).join("\n"))).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:23: the block "measures" is never closed
        expected  a line with \`\`\` alone
        found     the end of the file
        cure      Add the closing backticks after the last line of the block."
    `);
  });
  test("a head that cannot be read", () => {
    expect(messageOf(withLine(10, '```cluster id="main seed=7'))).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:10: the head of the "cluster" block cannot be read
        expected  words and key=value, values with spaces in double quotes, each key once
        found     id="main seed=7
        cure      Close the quotes, and remove spaces around "="."
    `);
  });
  test("a word in a head that has no meaning", () => {
    expect(messageOf(withLine(17, "```ts cell after"))).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:17: the word "after" after "cell" has no meaning
        expected  key=value
        found     after
        cure      Remove it, or write "key=after"."
    `);
  });
  test("a cell with nothing in it", () => {
    expect(messageOf(withLine(18, ""))).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:17: the ts cell block is empty
        expected  one statement of TypeScript or more
        found     nothing between the backticks
        cure      Fill the block, or remove it."
    `);
  });
  test("two cells of one name", () => {
    expect(messageOf(`${SMALL}\n\`\`\`ts cell id=after\n1\n\`\`\``)).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:26: cell "after" is defined twice
        expected  each name once in a lesson
        found     "after" here and on line 17
        cure      Rename one of them, with its claims."
    `);
  });
  test("claims for a cell that does not exist", () => {
    expect(messageOf(withLine(20, "```claims for=aftr"))).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:20: no cell of this lesson is called "aftr"
        expected  after
        found     aftr
        cure      Did you mean "after"?"
    `);
  });
  test("a claim without an expression", () => {
    expect(messageOf(withLine(21, "It is so."))).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:21: a claim without an expression
        expected  a sentence, a colon, a space, and the expression that proves it
        found     It is so.
        cure      Add ": expression", or say it in the prose instead."
    `);
  });
  test("a measure without a name", () => {
    expect(messageOf(withLine(24, "time without a leader"))).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:24: a measure without a name
        expected  a name such as leaderless, a colon, a space, and what is measured
        found     time without a leader
        cure      Begin the line with a name in camelCase: claims and cells write it as measure.name."
    `);
  });
  test("a measured number that nobody measures", () => {
    expect(messageOf(withLine(15, "Prose with [](run:gpa)."))).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:15: no measure of this lesson is called "gpa"
        expected  gap
        found     gpa
        cure      Did you mean "gap"?"
    `);
  });
  test("a measured number that somebody typed", () => {
    expect(messageOf(withLine(15, "Prose with [8.9 s](run:gap)."))).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:15:12: the measured number "gap" has a text
        expected  empty brackets: the run fills them in
        found     [8.9 s]
        cure      Write [](run:gap)."
    `);
  });
  test("a diagram without its sentence", () => {
    expect(messageOf(`${SMALL}\n\`\`\`mermaid graph\ncaption: The cluster.\n\`\`\``)).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:27: the mermaid block has no "alt"
        expected  at least alt
        found     caption
        cure      Add "alt: …": the sentence that says the diagram to a reader who cannot see it."
    `);
  });
  test("a diagram of an unknown kind", () => {
    expect(messageOf(`${SMALL}\n\`\`\`mermaid pie\nalt: A pie.\n\`\`\``)).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:26: the mermaid block does not say which diagram
        expected  mermaid sequence, or mermaid graph
        found     pie
        cure      Write "sequence" for what just happened, "graph" for the cluster as it is."
    `);
  });
  test("a prediction with an unknown step", () => {
    expect(messageOf(predict("then: { klil: 2 }", "answer: { leader: [user-events, 1] }"))).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:29:9: unknown step "klil" under "then" in the predict block
        expected  kill, power-loss, shut-down, pause, resume, restart, cut, heal, advance, elect-leaders, send
        found     klil
        cure      Did you mean "kill"?"
    `);
  });
  test("a comparison with a cluster that the lesson does not have", () => {
    expect(messageOf(compare("left=main right=kraft"))).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:26: no cluster of this lesson is called "kraft"
        expected  main
        found     kraft
        cure      Add the cluster, or name one that exists."
    `);
  });
  test("a comparison of a cluster with itself", () => {
    expect(messageOf(compare("left=main right=main"))).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:26: the compare block sets "main" beside itself
        expected  two cluster blocks of this lesson
        found     main
        cure      Add a second cluster block, and name it on one side."
    `);
  });
  test("a comparison that explains a row which the table does not have", () => {
    expect(messageOf(compare("left=main right=kraft", "why: { speed: faster }"))).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:30:8: unknown key "speed" in "why" in the compare block
        expected  detect, leaderless, decided, epochs, messages, committed, lost
        found     speed
        cure      Remove it, or look the key up in lessons/AUTHORING.md."
    `);
  });
  test("a prediction whose answer is typed", () => {
    expect(messageOf(predict("answer: broker 3"))).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:29:9: "answer" in the predict block cannot be read
        expected  a mapping with leader, leaderEpoch, isr, highWatermark, logEnd, partitionOf, lostAcknowledged, measure
        found     "broker 3"
        cure      Write "answer: { leader: … }"."
    `);
  });
  test("a prediction with two answers", () => {
    expect(messageOf(predict("answer: { leader: [a, 1], isr: [a, 1] }"))).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:29:9: "answer" in the predict block cannot be read
        expected  exactly one measurement
        found     a mapping
        cure      Keep one; ask the other in a second predict block."
    `);
  });
  test("a prediction without a choice", () => {
    const text = predict("answer: { lostAcknowledged: user-events }").replace("[one, two]", "[one]");
    expect(messageOf(text)).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:26: predict "who" leaves no choice
        expected  two options or more
        found     1
        cure      Add an answer that somebody would really give."
    `);
  });
  test("a badge without a row's id", () => {
    expect(messageOf(`${SMALL}\n\`\`\`simplified id=ctrl\nSo.\n\`\`\``)).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:26: "id" in the head of the simplified block cannot be read
        expected  the id of a row in engine/FIDELITY.md, such as KRAFT-FENCE
        found     "ctrl"
        cure      Write "id=…" in that form."
    `);
  });
  test("a folder without its numbers", () => {
    expect(messageOf(SMALL, "lessons/replication/the-leader-dies/index.md")).toMatchInlineSnapshot(`
      "lessons/replication/the-leader-dies/index.md:1: the folder of this lesson has another kind of name
        expected  lessons/NN-part/NN-lesson/index.md: two digits, a hyphen, small letters and hyphens
        found     lessons/replication/the-leader-dies/index.md
        cure      Rename the folder. Leave gaps between the numbers, so that a lesson can be put between two others."
    `);
  });
});

function predict(...lines: readonly string[]): string {
  return [SMALL, "```predict id=who", "ask: Who leads?", "options: [one, two]", ...lines, "```"].join("\n");
}

function compare(head: string, ...lines: readonly string[]): string {
  return [SMALL, `\`\`\`compare ${head}`, "title: Two clusters", "describe: Broker 2 is unplugged in both.", "steps: { kill: 2, advance: 30s }", ...lines, "```"].join("\n");
}

test("a comparison names two clusters, and what is done to both", () => {
  const other = '```cluster id=kraft seed=7\ndescribe: The same, in KRaft mode.\nprofile: 4.3 kraft\n```';
  const block = parseLesson(`${compare("left=main right=kraft", "why: { detect: a setting }")}\n\n${other}\n`, FILE).blocks.find(it => it.kind === "compare");
  expect(block).toMatchObject({
    left: "main", right: "kraft", title: "Two clusters", steps: [{ verb: "kill", broker: 2 }, { verb: "advance", duration: "30s" }], why: { detect: "a setting" },
  });
});

test("an error carries its parts for tools", () => {
  expect(() => parseLesson(withLine(12, "topcis: {}"), FILE)).toThrow(
    expect.objectContaining({ code: "unknown-key", file: FILE, line: 12, column: 1, found: "topcis", cure: 'Did you mean "topics"?' }),
  );
});
