import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { splitAtPlaceholders } from "#src/lesson/fence-scanner.ts";
import { readFidelityLedger } from "#src/lesson/fidelity-ledger.ts";
import { addGlosses, readGlossary } from "#src/lesson/glossary.ts";
import { highlightTypeScript } from "#src/lesson/highlight-typescript.ts";
import { inlineMarkdown } from "#src/lesson/inline-markdown.ts";
import type { LessonBlock } from "#src/lesson/lesson-blocks.ts";
import { checkMeasured, fillMeasuredLinks } from "#src/lesson/measured-links.ts";
import { parseLesson } from "#src/lesson/parse-lesson.ts";
import { scriptJson } from "#src/lesson/script-json.ts";

describe("post-office words", () => {
  const glossary = readGlossary(
    "- { term: broker, also: [brokers], postOffice: branch office }\n- { term: leader epoch, postOffice: postmark number }\n- { term: leader, postOffice: in charge }",
    "lessons/glossary.yml",
  );

  test("stand behind the first use of a term in each section", () => {
    expect(addGlosses("<p>A broker, two brokers.</p><h2>Next</h2><p>Brokers again.</p>", glossary)).toBe(
      '<p>A broker<span class="analogy">branch office</span>, two brokers.</p><h2>Next</h2>' +
        '<p>Brokers<span class="analogy">branch office</span> again.</p>',
    );
  });
  test("prefer the longer term, and know where a word ends", () => {
    expect(addGlosses("<p>The leader epoch of a brokerage.</p>", glossary)).toBe(
      '<p>The leader epoch<span class="analogy">postmark number</span> of a brokerage.</p>',
    );
  });
  test("leave a term with its number together, and stand behind the next one", () => {
    expect(addGlosses("<p>Unplug broker 3. A broker is gone.</p>", glossary)).toBe(
      '<p>Unplug broker 3. A broker<span class="analogy">branch office</span> is gone.</p>',
    );
  });
  test("leave code, links and headings alone", () => {
    const html = '<h2>The broker</h2><p><code>broker</code> <a href="broker/">broker</a></p>';
    expect(addGlosses(html, glossary)).toBe(html);
  });
});

describe("measured numbers", () => {
  const blocks: readonly LessonBlock[] = [
    { kind: "measures", line: 1, measures: [{ line: 2, name: "gap", what: "time without a leader, after \"kill 2\"", of: null }] },
    { kind: "why", line: 3, ask: "Why?", of: "gap", says: null },
  ];
  const html = '<p>For <a href="run:gap"></a>.</p>';

  test("show the value of the run and lead to their why", () => {
    expect(fillMeasuredLinks(html, blocks, new Map([["gap", "8.914 s"]]))).toBe(
      '<p>For <a class="engine" href="#why-gap" data-measure="gap" title="time without a leader, after &quot;kill 2&quot;">8.914 s</a>.</p>',
    );
  });
  test("of a comparison lead to the comparison", () => {
    const compared: readonly LessonBlock[] = [
      { kind: "compare", line: 1, left: "zk", right: "kraft", title: "Two", describe: "Two clusters.", steps: [], why: {} },
      { kind: "measures", line: 9, measures: [{ line: 10, name: "gap", what: "time from kill 1 to new controller", of: "kraft" }] },
    ];
    expect(fillMeasuredLinks(html, compared, new Map([["gap", "3.636 s"]]))).toContain('href="#compare-zk"');
  });
  test("say so when the build has not measured them, and show no number", () => {
    expect(fillMeasuredLinks(html, [], new Map())).toBe(
      '<p>For <a class="engine" href="#bench" data-measure="gap" title="gap" data-unmeasured>not yet measured</a>.</p>',
    );
  });
});

test("a lesson whose run gives no value for one of its numbers is not built", () => {
  const text = readFileSync(new URL("fixtures/the-leader-dies.md", import.meta.url), "utf8");
  const lesson = parseLesson(text, "lessons/03-replication/60-the-leader-dies/index.md");
  checkMeasured(lesson, new Map([["leaderless", "8.914 s"], ["sinceHeartbeat", "86 ms"]]));
  expect(() => checkMeasured(lesson, new Map([["leaderless", "8.914 s"]]))).toThrowErrorMatchingInlineSnapshot(`
    [AuthorError: lessons/03-replication/60-the-leader-dies/index.md:45: this lesson's run gives no value for "sinceHeartbeat"
      expected  time from the last heartbeat of 2 to kill 2
      found     nothing of the kind in the whole run, with every prediction and every cell run in order
      cure      Check the moment after which it is measured, or take the measure out.]
  `);
});

describe("texts inside blocks", () => {
  test("know code, emphasis, strong and links, and escape the rest", () => {
    expect(inlineMarkdown("`a < b` is *so*, **very** so: [KIP](https://kafka.apache.org/) <b> & 2 * 3 * 4")).toBe(
      '<code>a &lt; b</code> is <em>so</em>, <strong>very</strong> so: <a href="https://kafka.apache.org/">KIP</a> &lt;b&gt; &amp; 2 * 3 * 4',
    );
  });
  test("make no link of another scheme", () => {
    expect(inlineMarkdown("[x](javascript:alert(1))")).not.toContain("<a");
  });
  test("get typographic quotes", () => {
    expect(inlineMarkdown('the "best" guide\'s')).toBe("the “best” guide’s");
  });
});

describe("code at rest", () => {
  test("is highlighted by line with classes, and nothing in it is HTML", () => {
    expect(highlightTypeScript('await send(2) // <b>\n"x" as string')).toEqual([
      '<span class="tok-keyword">await</span> <span class="tok-variableName">send</span><span class="tok-punctuation">(</span>' +
        '<span class="tok-number">2</span><span class="tok-punctuation">)</span> <span class="tok-comment">// &lt;b&gt;</span>',
      '<span class="tok-string">&quot;x&quot;</span> <span class="tok-keyword">as</span> <span class="tok-typeName">string</span>',
    ]);
  });
});

test("block data cannot close the script element that holds it", () => {
  const json = scriptJson({ text: "</script><!-- \u2028" });
  expect(json).not.toMatch(/<|\u2028/);
  expect(JSON.parse(json)).toEqual({ text: "</script><!-- \u2028" });
});

test("rendered HTML is split at the places of its blocks", () => {
  const html = '<p>a</p><div class="lesson-block" data-index="0"></div><p>b</p><div class="lesson-block" data-index="12"></div>';
  expect(splitAtPlaceholders(html)).toEqual(["<p>a</p>", 0, "<p>b</p>", 12, ""]);
});

test("the fidelity ledger is read from its tables, whatever stands around them", () => {
  const rows = readFidelityLedger(
    ["# Ledger", "| id | behaviour | state |", "| --- | --- | --- |", "| CORE-TIME | one clock, `a \\| b` | simplified |", "", "| id | why |", "|---|---|", "| `NET-1` | x |"].join("\n"),
  );
  expect(rows).toEqual([
    { id: "CORE-TIME", cells: [{ heading: "behaviour", text: "one clock, `a | b`" }, { heading: "state", text: "simplified" }] },
    { id: "NET-1", cells: [{ heading: "why", text: "x" }] },
  ]);
});
