// The judge judged: in copies of a recording one value after the other is changed, and each change has to make its step fail. A field that nobody
// compares would pass here unnoticed.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { playRecording } from "./play-recording.ts";
import { checkRecording, isObject, type Json, readRecording, type Recording } from "./read-recording.ts";

const here = dirname(fileURLToPath(import.meta.url));
const folder = (path: string): string => join(here, "recordings", path);

/** [what is changed, recording, step, path into the step, the false value] */
const CHANGES: readonly (readonly [string, string, number, readonly (string | number)[], Json])[] = [
  ["a leader", "3.9.1-kraft/09-epoch-fencing", 1, ["observe", "metadata", "orders-unclean", "0", "leader"], 1],
  ["a leader epoch", "3.9.1-kraft/09-epoch-fencing", 1, ["observe", "metadata", "orders-unclean", "0", "leaderEpoch"], 3],
  ["the order of the ISR", "3.9.1-kraft/09-epoch-fencing", 1, ["observe", "metadata", "orders-unclean", "0", "isr"], [1, 2]],
  ["the replicas", "3.9.1-kraft/09-epoch-fencing", 1, ["observe", "metadata", "orders-unclean", "0", "replicas"], [2, 1]],
  ["an offline replica", "3.9.1-kraft/09-epoch-fencing", 1, ["observe", "metadata", "orders-unclean", "0", "offline"], [1]],
  ["a log end offset", "3.9.1-kraft/09-epoch-fencing", 1, ["observe", "replicaOffsets", "orders-unclean", "0", "1", "logEndOffset"], 8],
  ["a high watermark", "3.9.1-kraft/09-epoch-fencing", 1, ["observe", "replicaOffsets", "orders-unclean", "0", "2", "highWatermark"], 6],
  ["a log start offset", "3.9.1-kraft/09-epoch-fencing", 1, ["observe", "replicaOffsets", "orders-unclean", "0", "2", "logStartOffset"], 1],
  ["a partition epoch", "3.9.1-kraft/09-epoch-fencing", 1, ["observe", "controllerState", "orders-unclean", "0", "partitionEpoch"], 5],
  ["eligible leader replicas", "3.9.1-kraft/09-epoch-fencing", 1, ["observe", "controllerState", "orders-unclean", "0", "elr"], [1]],
  ["a field that nobody has", "3.9.1-kraft/09-epoch-fencing", 1, ["observe", "somethingNew"], 1],
  ["a field of a step that nobody has", "3.9.1-kraft/09-epoch-fencing", 2, ["somethingNew"], 1],
  ["an error of a fetch", "3.9.1-kraft/09-epoch-fencing", 4, ["result", "partitions", 0, "error"], "NONE"],
  ["an error code", "3.9.1-kraft/09-epoch-fencing", 5, ["result", "response", "topics", 0, "partitions", 0, "errorCode"], 0],
  ["a diverging epoch's end", "3.9.1-kraft/09-epoch-fencing", 19, ["result", "partitions", 0, "divergingEpoch", "endOffset"], 4],
  ["an end offset of an epoch", "3.9.1-kraft/09-epoch-fencing", 23, ["result", "response", "topics", 0, "partitions", 0, "endOffset"], 4],
  ["a base offset", "3.9.1-kraft/09-epoch-fencing", 28, ["result", "baseOffset"], 8],
  ["what became of a connection", "3.9.1-kraft/09-epoch-fencing", 33, ["result", "connection"], "still open after 1500 ms"],
  ["an error that was none", "3.9.1-kraft/03-failure-table", 1, ["result", "orders"], { error: "TopicExistsException" }],
  ["an offset of a record sent", "3.9.1-kraft/03-failure-table", 2, ["result", 1, "offset"], 2],
  ["a type in the metadata log", "3.9.1-kraft/03-failure-table", 1, ["observe", "metadataRecords", 0, "type"], "REMOVE_TOPIC_RECORD"],
  ["a version in the metadata log", "3.9.1-kraft/03-failure-table", 1, ["observe", "metadataRecords", 2, "version"], 2],
  ["a setting in the metadata log", "3.9.1-kraft/03-failure-table", 1, ["observe", "metadataRecords", 1, "data", "value"], "1"],
  ["a record that is not there", "3.9.1-kraft/03-failure-table", 1, ["observe", "metadataRecords", 5], { offset: 30, epoch: 2, batch: 30, type: "REMOVE_TOPIC_RECORD", version: 0, data: {} }],
  ["a state that never was", "3.9.1-kraft/03-failure-table", 5, ["timeline", 1, "leaderEpochIsr", "orders", "0"], [1, 1, [1, 2]]],
  ["the message of an exception", "3.9.1-kraft/03-failure-table", 14, ["result", 0, "message"], "Expiring 2 record(s) for orders-0:6001 ms has passed since batch creation"],
  ["the name of an exception", "3.9.1-kraft/03-failure-table", 14, ["result", 0, "error"], "NetworkException"],
  ["a consumed value", "3.9.1-kraft/03-failure-table", 30, ["result", "records", 3, "value"], "x"],
  ["the epoch of a consumed record", "3.9.1-kraft/03-failure-table", 30, ["result", "records", 3, "leaderEpoch"], 0],
  ["a position", "3.9.1-kraft/03-failure-table", 30, ["result", "positions", "orders-1"], 5],
  ["a partition of a key", "3.9.1-kraft/01-key-routing", 2, ["result", 0, "partition"], 7],
  ["the size of a file", "3.9.1-kraft/24-segments-retention-compaction", 3, ["result", "00000000000000000000.log"], 13937],
  ["a file that is not there", "3.9.1-kraft/24-segments-retention-compaction", 3, ["result", "00000000000000000000.txnindex"], 0],
  ["a znode's text", "3.9.1-zookeeper/16-controller-failover", 1, ["observe", "zookeeper", "orders-ctl", "0", "znode"], "{\"controller_epoch\":1,\"leader\":1,\"version\":1,\"leader_epoch\":0,\"isr\":[1,3,2]}"],
  ["a znode's version", "3.9.1-zookeeper/16-controller-failover", 1, ["observe", "zookeeper", "orders-ctl", "0", "version"], 1],
  ["an assignment's text", "3.9.1-zookeeper/16-controller-failover", 1, ["observe", "zookeeper", "orders-ctl", "assignmentZnode", "data"], "{}"],
  ["the controller in Metadata", "3.9.1-zookeeper/16-controller-failover", 3, ["result", "2"], 2],
  ["the epoch of the controller", "3.9.1-zookeeper/16-controller-failover", 2, ["result", "/controller_epoch"], "2"],
];

/** A recording as it is in the file, up to the step and with the change in it. */
function changed(name: string, step: number, path: readonly (string | number)[], value: Json): Recording {
  const recording = readRecording(folder(`${name}.json`));
  const steps = recording.steps.slice(0, step).map(({ fields }) => structuredClone(fields) as Record<string, unknown>);
  let at: Record<string | number, unknown> = steps[step - 1] as Record<string, unknown>;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string | number, unknown>;
  at[path.at(-1) as string | number] = value;
  return checkRecording(recording.path, { ...recording, spec: recording.spec, steps });
}

describe("a changed value is found", () => {
  test.each(CHANGES)("%s", (_what, name, step, path, value) => {
    const reports = playRecording(changed(name, step, path, value));
    expect(reports.at(-1)?.step).toBe(step);
    expect(reports.at(-1)?.verdict).toBe("failed");
  }, 60_000);
});

test("a step that cannot be expressed fails", () => {
  const recording = readRecording(folder("3.9.1-kraft/09-epoch-fencing.json"));
  const unknown = checkRecording(recording.path, { ...recording, steps: [{ do: { levitate: 1 } }, { do: { look: "at nothing that is known" }, result: { a: 1 } }] });
  expect(playRecording(unknown).map(({ verdict }) => verdict)).toEqual(["failed", "failed"]);
});

test("the changes above are changes", () => {
  for (const [, name, step, path, value] of CHANGES) {
    let at: unknown = readRecording(folder(`${name}.json`)).steps[step - 1]?.fields;
    for (const key of path) at = isObject(at) ? at[String(key)] : Array.isArray(at) ? at[Number(key)] as unknown : undefined;
    expect(JSON.stringify(at)).not.toBe(JSON.stringify(value));
  }
});
