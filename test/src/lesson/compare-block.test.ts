import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { measuresOf, parseLesson } from "#src/lesson/parse-lesson.ts";
import type { Lesson } from "#src/lesson/parse-lesson.ts";

const COMPARED = [
  readFileSync(new URL("fixtures/the-leader-dies.md", import.meta.url), "utf8"),
  "```cluster id=kraft seed=7", "describe: The same, in another version.", "profile: 4.3 kraft", "```",
  "```compare left=main right=kraft", "title: Two clusters", "describe: Broker 2 is unplugged in both.", "steps: { kill: 2 }", "```",
].join("\n");

function withBlock(...lines: readonly string[]): Lesson {
  return parseLesson(`${COMPARED}\n${lines.join("\n")}\n`, "lessons/03-replication/60-the-leader-dies/index.md");
}

function measures(side: string): readonly string[] {
  return [`\`\`\`measures of=${side}`, "gapThere: time without a leader, user-events 1, after kill 2", "```"];
}

describe("measures of a side of a comparison", () => {
  test("name the side", () => {
    const found = measuresOf(withBlock(...measures("kraft")).blocks).find(({ name }) => name === "gapThere");
    expect(found).toMatchObject({ of: "kraft", what: "time without a leader, user-events 1, after kill 2" });
  });

  test("of a side that the lesson does not compare are an error", () => {
    expect(() => withBlock(...measures("draft"))).toThrow('no side of a comparison of this lesson is called "draft"');
  });

  test("answer no prediction, for those speak of the bench", () => {
    const ask = ["```predict id=there", "ask: How long?", "options: [one, two]", "answer: { measure: gapThere }", "```"];
    expect(() => withBlock(...measures("kraft"), ...ask)).toThrow('no measure of this lesson is called "gapThere"');
  });
});
