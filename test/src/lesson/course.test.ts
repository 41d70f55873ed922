import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkFidelityIds, readCourse } from "#src/lesson/course.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const PART = [
  "title: Replication",
  "question: What is safe?",
  "lessons:",
  "  - { id: leaders-and-followers, title: Leaders and followers }",
  "  - { id: in-sync-replicas, title: In-sync replicas }",
  "  - { id: acks-and-min-isr, title: Acks }",
  "  - { id: the-leader-dies, title: The planned title }",
].join("\n");
const LESSON = readFileSync(new URL("fixtures/the-leader-dies.md", import.meta.url), "utf8");

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "course-"));
  write("lessons/03-replication/part.yml", PART);
  write("lessons/03-replication/60-the-leader-dies/index.md", LESSON);
});
afterEach(() => rmSync(root, { recursive: true }));

function write(file: string, text: string): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
}

describe("the course in a folder", () => {
  test("has the plan's lessons in order, open where a folder exists, under the lesson's own title", () => {
    const [part] = readCourse(root).parts;
    expect(part?.slots.map((slot) => [slot.number, slot.title, slot.lesson !== null])).toEqual([
      [1, "Leaders and followers", false],
      [2, "In-sync replicas", false],
      [3, "Acks", false],
      [4, "The leader dies", true],
    ]);
  });

  test("takes a lesson that nobody planned after the planned ones", () => {
    write("lessons/03-replication/05-an-extra/index.md", LESSON);
    expect(readCourse(root).parts[0]?.slots.at(-1)).toMatchObject({ id: "an-extra", number: 5 });
  });

  test("leaves folders without a number alone", () => {
    write("lessons/03-replication/_kit/index.md", "not a lesson");
    expect(readCourse(root).lessons).toHaveLength(1);
  });
});

describe("what is wrong between files is an error of its author", () => {
  const messageOf = (): string => {
    try {
      readCourse(root);
    } catch (reason) {
      return reason instanceof Error ? reason.message : String(reason);
    }
    throw new Error("the course was accepted");
  };

  test("a lesson that needs one nobody planned", () => {
    write("lessons/03-replication/60-the-leader-dies/index.md", LESSON.replace("in-sync-replicas,", "in-sync-replcas,"));
    expect(messageOf()).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:1: needs "in-sync-replcas", which no lesson is called
        expected  ids of lessons that stand earlier in the course
        found     in-sync-replcas
        cure      Did you mean "in-sync-replicas"?"
    `);
  });
  test("a lesson that needs one that comes later", () => {
    write("lessons/03-replication/part.yml", PART.replace("id: leaders-and-followers", "id: first").concat("\n  - { id: leaders-and-followers, title: Late }"));
    expect(messageOf()).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:1: needs "leaders-and-followers", which comes later
        expected  ids of lessons that stand earlier in the course
        found     leaders-and-followers
        cure      Take it out of "needs", or move the lesson."
    `);
  });
  test("a drill without its file", () => {
    write("lessons/03-replication/60-the-leader-dies/index.md", `${LESSON}\n\`\`\`drill file=drill.ts\n\`\`\``);
    expect(messageOf()).toMatchInlineSnapshot(`
      "lessons/03-replication/60-the-leader-dies/index.md:113: the drill "drill.ts" does not exist
        expected  lessons/03-replication/60-the-leader-dies/drill.ts
        found     no such file
        cure      Add the file beside index.md, or remove the drill block."
    `);
  });
  test("a part without part.yml", () => {
    rmSync(join(root, "lessons/03-replication/part.yml"));
    expect(messageOf()).toMatchInlineSnapshot(`
      "lessons/03-replication/part.yml:1: this file does not exist
        expected  lessons/03-replication/part.yml
        found     no such file
        cure      Add part.yml with title, question and lessons."
    `);
  });
  test("a fidelity id that is no row of the ledger", () => {
    const course = readCourse(root);
    checkFidelityIds(course, ["KRAFT-FENCE", "KRAFT-ELECT", "CLIENT-RETRY"]);
    expect(() => checkFidelityIds(course, ["KRAFT-FENCES", "KRAFT-ELECT", "CLIENT-RETRY"])).toThrowErrorMatchingInlineSnapshot(`
      [AuthorError: lessons/03-replication/60-the-leader-dies/index.md:1: names "KRAFT-FENCE", which is no row of the fidelity ledger
        expected  an id of engine/FIDELITY.md
        found     KRAFT-FENCE
        cure      Did you mean "KRAFT-FENCES"?]
    `);
  });
});

describe("the course that is in this repository", () => {
  test("has nine parts and can be read whole", () => {
    expect(readCourse(ROOT).parts.map((part) => part.number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});
