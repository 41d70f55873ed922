// An operator's calls through the admin client: which node is asked, with what, how often, and what comes back. The cluster is a script: each
// node answers an api with the next body that the test has put down for it.
import { describe, expect, test } from "vitest";
import type { CallError, Command, Outcome } from "#engine/cluster/commands.ts";
import { adminKind } from "#engine/clients/admin.ts";
import type { ProcessKind } from "#engine/core/process.ts";
import { Simulation } from "#engine/core/simulation.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { Api, RequestMessage, RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import { sendResponse } from "#engine/protocol/reply-to.ts";

const SECOND = 1_000_000;
const hostOf = (id: number): string => `host-${id}`;

interface Answer { readonly api: Api; readonly body: unknown }
interface NodeState { readonly id: number; controller: number; answers: Answer[]; requests: { api: Api; body: unknown }[] }

function metadata(controllerId: number): ResponseOf<"Metadata"> {
  return {
    throttleTimeMs: 0, clusterId: "c", controllerId, brokers: [1, 2, 3].map(nodeId => ({ nodeId, host: hostOf(nodeId), port: 9092, rack: null })),
    topics: [{
      error: "NONE", name: "orders", topicId: "AAAAAAAAAAAAAAAAAAAAAA", isInternal: false,
      partitions: [{ error: "NONE", partition: 0, leaderId: 3, leaderEpoch: 5, replicaNodes: [3], isrNodes: [3], offlineReplicas: [] }],
    }],
  };
}

const scriptedNode: ProcessKind = {
  kind: "scripted-node",
  start: (_process, settings): NodeState => ({ id: (settings as { readonly id: number }).id, controller: 1, answers: [], requests: [] }),
  onInput(_process, state, input) {
    const node = state as NodeState;
    if (typeof input === "number") node.controller = input;
    else node.answers.push(input as Answer);
  },
  onMessage(process, state, connection, message) {
    const node = state as NodeState;
    const { api, body, correlationId } = message as RequestMessage;
    if (api === "Metadata") return sendResponse(process, { connection, correlationId, api }, metadata(node.controller));
    node.requests.push({ api, body });
    const index = node.answers.findIndex(answer => answer.api === api);
    const [answer] = index === -1 ? [] : node.answers.splice(index, 1);
    if (answer !== undefined) sendResponse(process, { connection, correlationId, api }, answer.body as ResponseOf<Api>);
  },
  onTimer() {}, onConnected() {}, onAccepted() {}, onClosed() {},
};

class World {
  readonly simulation = Simulation.create(7, [1, 2, 3].map(hostOf), new Map([scriptedNode, adminKind].map(kind => [kind.kind, kind])));

  constructor() {
    for (const id of [1, 2, 3]) {
      this.simulation.addProcess(`broker-${id}`, "scripted-node", hostOf(id), [9092], { id });
      this.simulation.start(`broker-${id}`);
    }
    this.simulation.addProcess("admin", "admin", "host-admin", [], { clientId: "admin", bootstrap: [1, 2, 3].map(id => ({ host: hostOf(id), port: 9092 })), overrides: {} });
    this.simulation.start("admin");
    this.run(1);
  }

  run(seconds: number): void { this.simulation.runUntil(this.simulation.world.now + Math.round(seconds * SECOND)); }

  answer<A extends Api>(node: number, api: A, body: ResponseOf<A>): void { this.simulation.input(`broker-${node}`, { api, body } satisfies Answer); }

  answerAnywhere<A extends Api>(api: A, body: ResponseOf<A>): void { for (const node of [1, 2, 3]) this.answer(node, api, body); }

  asked<A extends Api>(node: number, api: A): RequestOf<A>[] {
    const state = this.simulation.process(`broker-${node}`).state as NodeState;
    return state.requests.filter(request => request.api === api).map(({ body }) => body as RequestOf<A>);
  }

  give(command: Command, seconds = 2): Outcome {
    this.simulation.input("admin", command);
    this.run(seconds);
    return this.simulation.world.outcomes.last as Outcome;
  }

  value(command: Command, seconds = 2): unknown {
    const outcome = this.give(command, seconds);
    if (outcome?.ok !== true) throw new Error(JSON.stringify(outcome));
    return outcome.value;
  }

  failure(command: Command, seconds = 2): CallError {
    const outcome = this.give(command, seconds);
    if (outcome?.ok !== false) throw new Error(JSON.stringify(outcome));
    return outcome.error;
  }
}

const throttleTimeMs = 0;
const NO_ID = "AAAAAAAAAAAAAAAAAAAAAA";

describe("deleting topics", () => {
  const DELETE: Command = { do: "delete-topics", topics: ["orders", "nowhere"], call: 1 };
  const responses = (orders: KafkaError) => [
    { name: "orders", topicId: NO_ID, error: orders, errorMessage: null },
    { name: "nowhere", topicId: NO_ID, error: "UNKNOWN_TOPIC_OR_PARTITION" as const, errorMessage: "This server does not host this topic-partition." },
  ];

  test("asks the controller by name and answers for each topic", () => {
    const world = new World();
    world.answer(1, "DeleteTopics", { throttleTimeMs, responses: responses("NONE") });
    expect(world.value(DELETE)).toEqual([
      { topic: "orders", error: "NONE", errorMessage: null },
      { topic: "nowhere", error: "UNKNOWN_TOPIC_OR_PARTITION", errorMessage: "This server does not host this topic-partition." },
    ]);
    expect(world.asked(1, "DeleteTopics")).toEqual([{ topics: [{ name: "orders", topicId: NO_ID }, { name: "nowhere", topicId: NO_ID }], timeoutMs: 30_000 }]);
  });

  test("finds the controller that has moved", () => {
    const world = new World();
    world.answer(1, "DeleteTopics", { throttleTimeMs, responses: responses("NOT_CONTROLLER") });
    world.answer(2, "DeleteTopics", { throttleTimeMs, responses: responses("NONE") });
    for (const id of [1, 2, 3]) world.simulation.input(`broker-${id}`, 2);
    world.value(DELETE, 3);
    expect([world.asked(1, "DeleteTopics").length, world.asked(2, "DeleteTopics").length]).toEqual([1, 1]);
  });
});

describe("growing a topic", () => {
  test("sends the total, and no assignment unless there is one", () => {
    const world = new World();
    const results = [{ name: "orders", error: "NONE" as const, errorMessage: null }];
    world.answer(1, "CreatePartitions", { throttleTimeMs, results });
    world.answer(1, "CreatePartitions", { throttleTimeMs, results });
    expect(world.value({ do: "create-partitions", topic: "orders", partitions: 6, call: 1 })).toBeNull();
    world.value({ do: "create-partitions", topic: "orders", partitions: 7, assignment: [[2, 1]], call: 2 });
    expect(world.asked(1, "CreatePartitions").map(({ topics }) => topics)).toEqual([
      [{ name: "orders", count: 6, assignments: null }], [{ name: "orders", count: 7, assignments: [{ brokerIds: [2, 1] }] }],
    ]);
  });

  test("fails in the broker's words", () => {
    const world = new World();
    world.answer(1, "CreatePartitions", { throttleTimeMs, results: [{ name: "orders", error: "INVALID_PARTITIONS", errorMessage: "The topic orders currently has 3 partition(s); 2 would not be an increase." }] });
    expect(world.failure({ do: "create-partitions", topic: "orders", partitions: 2, call: 1 }))
      .toEqual({ name: "INVALID_PARTITIONS", message: "The topic orders currently has 3 partition(s); 2 would not be an increase.", retriable: false });
  });
});

describe("reassigning", () => {
  test("groups partitions by topic, null cancels, and each partition has its answer", () => {
    const world = new World();
    world.answer(1, "AlterPartitionReassignments", { throttleTimeMs, error: "NONE", errorMessage: null, responses: [
      { name: "a", partitions: [{ partitionIndex: 0, error: "NONE", errorMessage: null }, { partitionIndex: 1, error: "NO_REASSIGNMENT_IN_PROGRESS", errorMessage: null }] },
      { name: "b", partitions: [{ partitionIndex: 0, error: "INVALID_REPLICA_ASSIGNMENT", errorMessage: "no such broker" }] },
    ] });
    expect(world.value({ do: "reassign", call: 1, partitions: [
      { topic: "a", partition: 0, replicas: [2, 3] }, { topic: "b", partition: 0, replicas: [9] }, { topic: "a", partition: 1, replicas: null },
    ] })).toEqual([
      { topic: "a", partition: 0, error: "NONE", errorMessage: null },
      { topic: "a", partition: 1, error: "NO_REASSIGNMENT_IN_PROGRESS", errorMessage: "No partition reassignment is in progress." },
      { topic: "b", partition: 0, error: "INVALID_REPLICA_ASSIGNMENT", errorMessage: "no such broker" },
    ]);
    expect(world.asked(1, "AlterPartitionReassignments")[0]?.topics).toEqual([
      { name: "a", partitions: [{ partitionIndex: 0, replicas: [2, 3] }, { partitionIndex: 1, replicas: null }] }, { name: "b", partitions: [{ partitionIndex: 0, replicas: [9] }] },
    ]);
  });

  test("one error for all is the answer for each", () => {
    const world = new World();
    world.answer(1, "AlterPartitionReassignments", { throttleTimeMs, error: "REQUEST_TIMED_OUT", errorMessage: null, responses: [
      { name: "a", partitions: [{ partitionIndex: 0, error: "NONE", errorMessage: null }] },
    ] });
    expect(world.value({ do: "reassign", call: 1, partitions: [{ topic: "a", partition: 0, replicas: [2] }] }))
      .toEqual([{ topic: "a", partition: 0, error: "REQUEST_TIMED_OUT", errorMessage: "The request timed out." }]);
  });

  test("what is being moved is listed flat", () => {
    const world = new World();
    world.answer(1, "ListPartitionReassignments", { throttleTimeMs, error: "NONE", errorMessage: null, topics: [
      { name: "a", partitions: [{ partitionIndex: 2, replicas: [1, 2, 3], addingReplicas: [3], removingReplicas: [1] }] },
    ] });
    expect(world.value({ do: "list-reassignments", call: 1 })).toEqual([{ topic: "a", partition: 2, replicas: [1, 2, 3], addingReplicas: [3], removingReplicas: [1] }]);
  });
});

describe("settings", () => {
  const NONE = { error: "NONE" as const, errorMessage: null };

  test("of one broker are that broker's business; of a topic and of all brokers anybody's", () => {
    const world = new World();
    const responses = [{ ...NONE, resourceType: 4, resourceName: "2" }];
    world.answerAnywhere("IncrementalAlterConfigs", { throttleTimeMs, responses });
    world.value({ do: "alter-configs", resource: { broker: 2 }, configs: { "log.cleaner.threads": 2 }, call: 1 });
    expect(world.asked(2, "IncrementalAlterConfigs")).toEqual([
      { validateOnly: false, resources: [{ resourceType: 4, resourceName: "2", configs: [{ name: "log.cleaner.threads", configOperation: 0, value: "2" }] }] },
    ]);
    world.answerAnywhere("IncrementalAlterConfigs", { throttleTimeMs, responses });
    world.value({ do: "alter-configs", resource: { topic: "orders" }, configs: { "retention.ms": null }, call: 2 });
    const toTopic = [1, 2, 3].flatMap(id => world.asked(id, "IncrementalAlterConfigs")).find(({ resources }) => resources[0]?.resourceType === 2);
    expect(toTopic?.resources).toEqual([{ resourceType: 2, resourceName: "orders", configs: [{ name: "retention.ms", configOperation: 1, value: null }] }]);
  });

  test("an error is not tried again, even one that may pass", () => {
    const world = new World();
    world.answerAnywhere("IncrementalAlterConfigs", { throttleTimeMs, responses: [{ error: "REQUEST_TIMED_OUT", errorMessage: null, resourceType: 2, resourceName: "orders" }] });
    expect(world.failure({ do: "alter-configs", resource: { topic: "orders" }, configs: { a: 1 }, call: 1 })).toMatchObject({ name: "REQUEST_TIMED_OUT" });
    expect([1, 2, 3].flatMap(id => world.asked(id, "IncrementalAlterConfigs"))).toHaveLength(1);
  });

  test("are described as ConfigEntry: source, type and synonyms by name", () => {
    const world = new World();
    world.answerAnywhere("DescribeConfigs", { throttleTimeMs, results: [{ ...NONE, resourceType: 2, resourceName: "orders", configs: [{
      name: "retention.ms", value: "1000", readOnly: false, configSource: 1, isSensitive: false, configType: 5, documentation: null,
      synonyms: [{ name: "retention.ms", value: "1000", source: 1 }, { name: "log.retention.hours", value: "168", source: 5 }],
    }] }] });
    expect(world.value({ do: "describe-configs", resource: { topic: "orders" }, call: 1 })).toEqual([{
      name: "retention.ms", value: "1000", source: "DYNAMIC_TOPIC_CONFIG", isSensitive: false, isReadOnly: false, type: "LONG",
      synonyms: [{ name: "retention.ms", value: "1000", source: "DYNAMIC_TOPIC_CONFIG" }, { name: "log.retention.hours", value: "168", source: "DEFAULT_CONFIG" }],
    }]);
  });
});

describe("deleting records", () => {
  const DELETE: Command = { do: "delete-records", topic: "orders", partition: 0, beforeOffset: 5, call: 1 };
  const body = (error: KafkaError): ResponseOf<"DeleteRecords"> => ({ throttleTimeMs, topics: [{ name: "orders", partitions: [{ partitionIndex: 0, lowWatermark: error === "NONE" ? 5 : -1, error }] }] });

  test("goes to the leader, after a look for it, and again when it has moved", () => {
    const world = new World();
    world.answer(3, "DeleteRecords", body("NOT_LEADER_OR_FOLLOWER"));
    world.answer(3, "DeleteRecords", body("NONE"));
    expect(world.value(DELETE)).toEqual({ lowWatermark: 5 });
    expect(world.asked(3, "DeleteRecords")).toHaveLength(2);
    expect(world.asked(3, "DeleteRecords")[0]).toMatchObject({ topics: [{ name: "orders", partitions: [{ partitionIndex: 0, offset: 5 }] }] });
  });

  test("an offset beyond the high watermark is an error at once", () => {
    const world = new World();
    world.answer(3, "DeleteRecords", body("OFFSET_OUT_OF_RANGE"));
    expect(world.failure(DELETE)).toMatchObject({ name: "OFFSET_OUT_OF_RANGE", retriable: false });
  });

  test("without an answer is waited for to the end, after a minute; the time-out names the step and its cause", () => {
    const world = new World();
    const { message, cause } = world.failure(DELETE, 61);
    expect(message).toMatch(/^Call\(callName=deleteRecords\(api=DELETE_RECORDS\), deadlineMs=61000, tries=1, nextAllowedTryMs=61\d\d\d\) timed out at 61000 after 1 attempt\(s\)$/);
    expect(cause).toMatch(/^DisconnectException: Cancelled deleteRecords\(api=DELETE_RECORDS\) request with correlation id \d+ due to node 3 being disconnected$/);
    expect(world.asked(3, "DeleteRecords")).toHaveLength(1);
  });
});

describe("the quorum", () => {
  const voter = { replicaId: 1, replicaDirectoryId: NO_ID, logEndOffset: 9, lastFetchTimestamp: -1, lastCaughtUpTimestamp: -1 };

  test("is described; an error that passes is tried again", () => {
    const world = new World();
    const nothing = { leaderId: -1, leaderEpoch: -1, highWatermark: -1, currentVoters: [], observers: [], nodes: [] };
    world.answerAnywhere("DescribeQuorum", { error: "NOT_CONTROLLER", errorMessage: null, ...nothing });
    world.answerAnywhere("DescribeQuorum", { error: "NONE", errorMessage: null, ...nothing, leaderId: 1, leaderEpoch: 3, highWatermark: 9, currentVoters: [voter] });
    expect(world.value({ do: "describe-quorum", call: 1 }, 5)).toEqual({ leaderId: 1, leaderEpoch: 3, highWatermark: 9, voters: [voter], observers: [], nodes: [] });
  });

  test("takes a voter with its directory and listener, as the tool reads them from the controller's machine", () => {
    const world = new World();
    world.answerAnywhere("AddRaftVoter", { throttleTimeMs, error: "NONE", errorMessage: null });
    const files = { directoryId: "Controller00000000104A", host: "c4", port: 9093 };
    expect(world.value({ do: "add-controller", node: 104, call: 1, files } as Command)).toBeNull();
    expect([1, 2, 3].flatMap(id => world.asked(id, "AddRaftVoter"))).toMatchObject([
      { voterId: 104, voterDirectoryId: files.directoryId, listeners: [{ name: "CONTROLLER", host: "c4", port: 9093 }] },
    ]);
    world.answerAnywhere("RemoveRaftVoter", { throttleTimeMs, error: "VOTER_NOT_FOUND", errorMessage: null });
    expect(world.failure({ do: "remove-controller", node: 104, call: 2 })).toMatchObject({ name: "VOTER_NOT_FOUND" });
  });
});

test("a call that timed out tells what its last attempt ended with", () => {
  const world = new World();
  world.simulation.input("admin", { do: "list-reassignments", call: 1 } satisfies Command);
  world.run(2);
  world.simulation.crash("broker-1");
  world.run(60);
  expect(world.simulation.world.outcomes.last).toMatchObject({ ok: false, error: {
    name: "Timeout", cause: expect.stringMatching(/^DisconnectException: Cancelled listPartitionReassignments request with correlation id \d+ due to node 1 being disconnected$/),
  } });
});

test("a name that no request can carry is refused without asking", () => {
  const world = new World();
  expect(world.failure({ do: "create-topic", topic: "", partitions: 1, replicationFactor: 1, call: 1 })).toEqual({
    name: "INVALID_TOPIC_EXCEPTION", message: "The given topic name '' cannot be represented in a request.", retriable: false,
  });
  expect(world.asked(1, "CreateTopics")).toEqual([]);
});
