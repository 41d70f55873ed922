// Incremental fetch sessions (KIP-227) as a client sees them: what is told once is not told again, and wrong sessions are refused.
import { describe, expect, test } from "vitest";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import {
  createFetchSessionHandler, fetchSessionAnswered, fetchSessionFailed, nextFetch, wishFor, wishNoMore,
} from "#engine/protocol/fetch-session-handler.ts";
import { batchOf, ClusterWorld } from "./kafka-cluster-world.ts";

function world(): ClusterWorld {
  const built = new ClusterWorld([1]).boot();
  built.createTopic("orders", [[1], [1], [1]]);
  return built;
}

type Wish = RequestOf<"Fetch">["topics"][number]["partitions"][number];
const wish = (partition: number, fetchOffset: number): Wish => ({
  partition, currentLeaderEpoch: 0, fetchOffset, lastFetchedEpoch: -1, logStartOffset: -1, partitionMaxBytes: 1_048_576,
});

function fetch(built: ClusterWorld, sessionId: number, sessionEpoch: number, partitions: readonly Wish[], forgotten: readonly number[] = []): ResponseOf<"Fetch"> {
  return built.call(1, "Fetch", {
    replicaId: -1, replicaEpoch: -1, maxWaitMs: 0, minBytes: 1, maxBytes: 50_000_000, isolationLevel: 0, rackId: "", sessionId, sessionEpoch,
    topics: partitions.length === 0 ? [] : [{ topic: "orders", partitions }],
    forgottenTopicsData: forgotten.length === 0 ? [] : [{ topic: "orders", partitions: forgotten }],
  });
}
const told = (response: ResponseOf<"Fetch">): [number, number][] => response.topics.flatMap(({ partitions }) => partitions.map(({ partition, records }): [number, number] => [partition, records.length]));

describe("a fetch session", () => {
  test("the first answer lists everything, the next ones only news", () => {
    const built = world();
    const first = fetch(built, 0, 0, [wish(0, 0), wish(1, 0), wish(2, 0)]);
    expect(first.sessionId).toBeGreaterThan(0);
    expect(told(first)).toEqual([[0, 0], [1, 0], [2, 0]]);
    expect(told(fetch(built, first.sessionId, 1, []))).toEqual([]);
    built.call(1, "Produce", built.produceBody("orders", batchOf(["a"]), 1, 5_000, 1));
    expect(told(fetch(built, first.sessionId, 2, []))).toEqual([[1, 1]]);
    // Its offset has not moved, so it is given again.
    expect(told(fetch(built, first.sessionId, 3, []))).toEqual([[1, 1]]);
    expect(told(fetch(built, first.sessionId, 4, [wish(1, 1)]))).toEqual([]);
    built.call(1, "Produce", built.produceBody("orders", batchOf(["b"]), 1, 5_000, 2));
    expect(told(fetch(built, first.sessionId, 5, [], [2]))).toEqual([]);
  });

  test("an unknown session and a wrong epoch are refused, a new one with the old id ends the old one", () => {
    const built = world();
    expect(fetch(built, 77, 1, []).error).toBe("FETCH_SESSION_ID_NOT_FOUND");
    const { sessionId } = fetch(built, 0, 0, [wish(0, 0)]);
    expect(fetch(built, sessionId, 5, []).error).toBe("INVALID_FETCH_SESSION_EPOCH");
    const next = fetch(built, sessionId, 0, [wish(0, 0)]);
    expect(next.error).toBe("NONE");
    expect(fetch(built, sessionId, 1, []).error).toBe("FETCH_SESSION_ID_NOT_FOUND");
    expect(fetch(built, next.sessionId, 1, []).error).toBe("NONE");
  });

  test("a partition with an error is named in every answer", () => {
    const built = world();
    const first = fetch(built, 0, 0, [wish(0, 5), wish(1, 0)]);
    expect(first.topics[0]?.partitions.map(({ error }) => error)).toEqual(["OFFSET_OUT_OF_RANGE", "NONE"]);
    for (const epoch of [1, 2]) expect(fetch(built, first.sessionId, epoch, []).topics).toMatchObject([{ partitions: [{ partition: 0, error: "OFFSET_OUT_OF_RANGE" }] }]);
  });
});

describe("the asking side", () => {
  const answer = (sessionId: number, error: ResponseOf<"Fetch">["error"] = "NONE"): ResponseOf<"Fetch"> => ({ throttleTimeMs: 0, error, sessionId, topics: [], nodeEndpoints: [] });
  const ask = (session: ReturnType<typeof createFetchSessionHandler>): [number, number, number[], number[]] => {
    const { sessionId, sessionEpoch, topics, forgottenTopicsData } = nextFetch(session);
    return [sessionId, sessionEpoch, topics.flatMap(({ partitions }) => partitions.map(({ partition }) => partition)), forgottenTopicsData.flatMap(({ partitions }) => [...partitions])];
  };

  test("names all partitions once, then what has changed, then what is left out", () => {
    const session = createFetchSessionHandler();
    for (const partition of [0, 1, 2]) wishFor(session, "orders", partition, 0, 0, -1, -1, 100);
    expect(ask(session)).toEqual([0, 0, [0, 1, 2], []]);
    expect(fetchSessionAnswered(session, answer(9))).toBe(true);
    expect(ask(session)).toEqual([9, 1, [], []]);
    fetchSessionAnswered(session, answer(9));
    wishFor(session, "orders", 1, 0, 4, -1, -1, 100);
    wishFor(session, "orders", 0, 0, 0, -1, -1, 100);
    wishNoMore(session, "orders", 2);
    expect(ask(session)).toEqual([9, 2, [1], [2]]);
  });

  test("without an answer it ends the session and begins another; without a session it names everything again", () => {
    const session = createFetchSessionHandler();
    wishFor(session, "orders", 0, 0, 0, -1, -1, 100);
    ask(session);
    fetchSessionAnswered(session, answer(9));
    fetchSessionFailed(session);
    expect(ask(session)).toEqual([9, 0, [0], []]);
    fetchSessionAnswered(session, answer(12));
    expect(ask(session)).toEqual([12, 1, [], []]);
    expect(fetchSessionAnswered(session, answer(0, "FETCH_SESSION_ID_NOT_FOUND"))).toBe(false);
    expect(ask(session)).toEqual([0, 0, [0], []]);
    // A broker without a free slot gives no session.
    fetchSessionAnswered(session, answer(0));
    expect(ask(session)).toEqual([0, 0, [0], []]);
  });
});
