// What a run has shown so far, as far as the checks need it: who led in which epoch, what stands in each log, what was committed and what was
// acknowledged. Fed with the facts of the read model one by one; violations are recorded the moment a fact shows them.
import { commitUpTo, type Entry, entriesBelow, entryAt, type ReplicaHistory } from "./log-history.ts";
import type { Command } from "#engine/cluster/commands.ts";
import type { AppendedView, ViewFact } from "#engine/cluster/view.ts";
import type { ClientFact, ControllerFact, ReplicaFact } from "#engine/protocol/facts.ts";

export type Invariant =
  | "one-leader-per-epoch" | "logs-agree-below-high-watermark" | "high-watermark-does-not-go-back-within-an-epoch"
  | "leader-is-a-replica-in-sync" | "committed-is-not-cut" | "high-watermark-is-on-every-in-sync-replica" | "acknowledged-is-committed" | "one-controller-per-epoch";

export interface Violation { readonly check: Invariant; readonly detail: string; readonly factId: number; readonly at: number }

/**
 * What excuses a loss, by its name. `leader-without-its-page-cache`: Kafka does not flush before it acknowledges, so who leads after a power loss without having left
 * the ISR leads with what was on the disk. In ZooKeeper mode that comes when nobody was controller while the machine was away: the next
 * controller finds the leader alive and leaves it its epoch (KIP-966 tells of the weakness). `isr-left-with-a-cancelled-reassignment`: a ZooKeeper-mode controller that
 * takes back the only replica in sync leaves it in the ISR without a leader (KafkaController.updateCurrentReassignment, doRemoveReplicasFromIsr). `nobody-is-eligible-any-more`:
 * a change of min.insync.replicas forgets the eligible and the last known leaders, of partitions without a leader too (KIP-966); an unclean election alone helps.
 */
export type AnomalyName =
  | "every-replica-of-the-isr-lost-its-page-cache" | "leader-without-its-page-cache" | "unclean-election" | "isr-left-with-a-cancelled-reassignment"
  | "nobody-is-eligible-any-more";
/** @property leaderEpoch of the partition at that moment, the new one after an election. */
export interface Anomaly {
  readonly name: AnomalyName; readonly topic: string; readonly partition: number; readonly leaderEpoch: number; readonly factId: number; readonly at: number;
}

/** A batch that a producer was told is safe; `entry` null when no leader's append of it is known. */
export interface Acknowledged {
  readonly client: string; readonly acks: 0 | 1 | -1; readonly baseOffset: number; readonly count: number; readonly entry: Entry | null;
  /** When the leader appended it. */
  readonly appendedAt: number;
  readonly factId: number; readonly at: number;
}

interface LedAppend { readonly entry: Entry; readonly at: number }

export interface PartitionHistory {
  readonly topic: string;
  readonly partition: number;
  leader: number;
  leaderEpoch: number;
  partitionEpoch: number;
  isr: readonly number[];
  replicas: readonly number[];
  /** Members of the ISR that a completed reassignment of a ZooKeeper-mode controller has already taken from its leader's list, but not yet from the ISR. */
  leaving: readonly number[];
  readonly leaderOfEpoch: Map<number, number>;
  readonly logs: Map<number, ReplicaHistory>;
  /** What lay below a leader's high watermark at some time, in order. */
  committed: Entry[];
  /** Below it compaction has been at work on some replica. */
  compactedTo: number;
  /** Appends by leaders at each base offset, oldest first: after an election another batch may take the place of one that never counted. */
  readonly ledAppends: Map<number, LedAppend[]>;
  readonly acknowledged: Acknowledged[];
  /** The acks=all acknowledgement with the shortest committed ISR so far; null before the first. */
  thinnest: { readonly copies: number; readonly offset: number; readonly factId: number } | null;
  /** Members of the ISR that have lost their page cache since they joined it. */
  readonly cacheLost: Set<number>;
}

export class RunHistory {
  readonly partitions = new Map<string, PartitionHistory>();
  readonly violations: Violation[] = [];
  readonly anomalies: Anomaly[] = [];
  readonly #quorumLeaderOfEpoch = new Map<number, number>();
  readonly #controllerOfEpoch = new Map<number, number>();
  readonly #acksOf = new Map<string, 0 | 1 | -1>();
  #entry: { readonly id: number; readonly at: number } = { id: -1, at: 0 };

  /** Takes the next fact. Messages say nothing here and may be left out. */
  add(entry: ViewFact): void {
    this.#entry = entry;
    const { fact } = entry;
    switch (fact.kind) {
      case "raft-role": if (fact.role === "leader") this.#quorumLeader(fact.node, fact.epoch); return;
      case "controller-elected": return this.#controllerElected(fact.broker, fact.controllerEpoch);
      case "partition-changed": return this.#partitionChanged(fact);
      case "topic-deleted":
        // A topic of the same name is another one.
        for (const [key, { topic }] of this.partitions) if (topic === fact.topic) this.partitions.delete(key);
        return;
      case "isr-proposed": {
        const history = this.#partitionOf(fact.topic, fact.partition);
        const { leaderEpoch, highWatermark } = this.#logOf(history, fact.broker);
        if (leaderEpoch === history.leaderEpoch) this.#checkInSyncReplicas(history, fact.broker, highWatermark, fact.isr.filter(member => !history.isr.includes(member)));
        return;
      }
      case "became-leader": return this.#becameLeader(fact);
      case "became-follower": case "log-opened": case "log-appended": case "log-truncated": case "high-watermark":
        return this.#replicaFact(fact);
      case "log-compacted": {
        const history = this.#partitionOf(fact.topic, fact.partition);
        history.compactedTo = Math.max(history.compactedTo, fact.to);
        return;
      }
      case "process-stopped": if (fact.how === "power-loss") this.#powerLost(fact.process); return;
      // Bytes that somebody has cut off are gone as with a page cache.
      case "command": {
        const command = fact.command as Command;
        if (command.do === "damage-log" && fact.refused === undefined) this.#powerLost(`broker-${command.node}`);
        return;
      }
      case "producer-opened": this.#acksOf.set(fact.client, fact.acks); return;
      case "batch-acknowledged": return this.#acknowledged(fact);
      default: return;
    }
  }

  #partitionOf(topic: string, partition: number): PartitionHistory {
    const key = `${topic}-${partition}`;
    const known = this.partitions.get(key);
    if (known !== undefined) return known;
    const fresh: PartitionHistory = {
      topic, partition, leader: -1, leaderEpoch: -1, partitionEpoch: -1, isr: [], replicas: [], leaving: [], leaderOfEpoch: new Map(), logs: new Map(),
      committed: [], compactedTo: 0, ledAppends: new Map(), acknowledged: [], thinnest: null, cacheLost: new Set(),
    };
    this.partitions.set(key, fresh);
    return fresh;
  }

  #logOf(history: PartitionHistory, broker: number): ReplicaHistory {
    const known = history.logs.get(broker);
    if (known !== undefined) return known;
    const fresh: ReplicaHistory = { entries: [], logEnd: 0, highWatermark: 0, comparedTo: 0, leaderEpoch: -1, highWatermarkInEpoch: -1 };
    history.logs.set(broker, fresh);
    return fresh;
  }

  #violated(check: Invariant, detail: string): void {
    this.violations.push({ check, detail, factId: this.#entry.id, at: this.#entry.at });
  }

  #quorumLeader(node: number, epoch: number): void {
    const known = this.#quorumLeaderOfEpoch.get(epoch);
    if (known !== undefined && known !== node) this.#violated("one-leader-per-epoch", `nodes ${known} and ${node} both lead the quorum in epoch ${epoch}`);
    this.#quorumLeaderOfEpoch.set(epoch, node);
  }

  #controllerElected(broker: number, epoch: number): void {
    const known = this.#controllerOfEpoch.get(epoch);
    if (known !== undefined && known !== broker) this.#violated("one-controller-per-epoch", `brokers ${known} and ${broker} are both controller in epoch ${epoch}`);
    this.#controllerOfEpoch.set(epoch, broker);
  }

  #acknowledged(fact: ClientFact & { kind: "batch-acknowledged" }): void {
    const history = this.#partitionOf(fact.topic, fact.partition);
    const append = acknowledgedAppend(history.ledAppends.get(fact.baseOffset) ?? [], fact);
    const acks = this.#acksOf.get(fact.client) ?? -1;
    history.acknowledged.push({
      client: fact.client, acks, baseOffset: fact.baseOffset, count: fact.count, entry: append?.entry ?? null,
      appendedAt: append?.at ?? this.#entry.at, factId: this.#entry.id, at: this.#entry.at,
    });
    if (acks === -1 && history.partitionEpoch >= 0 && history.isr.length < (history.thinnest?.copies ?? Number.MAX_SAFE_INTEGER)) {
      history.thinnest = { copies: history.isr.length, offset: fact.baseOffset, factId: this.#entry.id };
    }
    const last = history.committed[history.committed.length - 1];
    const committedEnd = last === undefined ? 0 : last.baseOffset + last.count;
    if (acks !== -1 || fact.baseOffset < 0 || fact.baseOffset + fact.count <= committedEnd || this.#isExcused(history)) return;
    this.#violated("acknowledged-is-committed",
      `${fact.topic}-${fact.partition}: ${fact.client} was told that offset ${fact.baseOffset + fact.count - 1} is safe, committed is everything below ${committedEnd}`);
  }

  #partitionChanged(fact: ControllerFact & { kind: "partition-changed" }): void {
    const history = this.#partitionOf(fact.topic, fact.partition);
    if (fact.partitionEpoch <= history.partitionEpoch) return;
    for (const member of [...history.cacheLost]) if (!fact.isr.includes(member)) history.cacheLost.delete(member);
    for (const member of fact.isr) if (!history.isr.includes(member)) history.cacheLost.delete(member);
    history.leader = fact.leader;
    history.leaderEpoch = fact.leaderEpoch;
    history.partitionEpoch = fact.partitionEpoch;
    const joined = fact.isr.filter(member => !history.isr.includes(member));
    history.isr = fact.isr;
    history.replicas = fact.replicas;
    history.leaving = fact.reason === "reassignment-completed" ? fact.removingReplicas ?? [] : [];
    if (fact.leader !== -1) this.#ledInEpoch(history, fact.leader, fact.leaderEpoch);
    if (fact.reason === "eligible-leader-replicas" && fact.isr.length === 0 && (fact.eligibleLeaderReplicas ?? fact.lastKnownLeaders ?? []).length === 0) {
      this.#anomaly("nobody-is-eligible-any-more", history);
    }
    const hasOnlyLeftIsr = fact.leader === -1 && fact.isr.length === 1 && this.#controllerOfEpoch.size > 0;
    if (hasOnlyLeftIsr && !fact.replicas.includes(fact.isr[0] ?? -1)) this.#anomaly("isr-left-with-a-cancelled-reassignment", history);
    else if (fact.leader !== -1 && !fact.isr.includes(fact.leader) || !fact.isr.every(member => fact.replicas.includes(member))) {
      this.#violated("leader-is-a-replica-in-sync",
        `${fact.topic}-${fact.partition}: leader ${fact.leader}, ISR [${fact.isr.join(", ")}], replicas [${fact.replicas.join(", ")}]`);
    }
    const leaders = history.logs.get(fact.leader);
    if (fact.reason === "isr-expanded" && leaders?.leaderEpoch === fact.leaderEpoch) this.#checkInSyncReplicas(history, fact.leader, leaders.highWatermark, joined);
    if (fact.reason === "unclean-election") this.#anomaly("unclean-election", history);
    this.#noteLostIsr(history);
  }

  #becameLeader(fact: ReplicaFact & { kind: "became-leader" }): void {
    const history = this.#partitionOf(fact.topic, fact.partition);
    this.#ledInEpoch(history, fact.broker, fact.leaderEpoch);
    const log = this.#logOf(history, fact.broker);
    const last = history.committed[history.committed.length - 1];
    if (history.cacheLost.has(fact.broker) && last !== undefined && log.logEnd < last.baseOffset + last.count) {
      this.#anomaly("leader-without-its-page-cache", history);
    }
    log.leaderEpoch = fact.leaderEpoch;
    log.highWatermarkInEpoch = log.highWatermark;
  }

  #ledInEpoch(history: PartitionHistory, broker: number, leaderEpoch: number): void {
    const known = history.leaderOfEpoch.get(leaderEpoch);
    if (known !== undefined && known !== broker) {
      this.#violated("one-leader-per-epoch", `brokers ${known} and ${broker} both lead ${history.topic}-${history.partition} in leader epoch ${leaderEpoch}`);
    }
    history.leaderOfEpoch.set(leaderEpoch, broker);
  }

  #replicaFact(fact: Extract<ReplicaFact, { kind: "became-follower" | "log-opened" | "log-truncated" | "high-watermark" }> | AppendedView): void {
    const history = this.#partitionOf(fact.topic, fact.partition);
    const log = this.#logOf(history, fact.broker);
    switch (fact.kind) {
      case "became-follower": log.leaderEpoch = -1; return;
      case "log-opened":
        log.entries = entriesBelow(log.entries, fact.logEnd);
        log.logEnd = fact.logEnd;
        log.highWatermark = fact.highWatermark;
        log.comparedTo = Math.min(log.comparedTo, fact.logEnd);
        log.leaderEpoch = -1;
        return;
      case "log-appended": {
        const { baseOffset, count, leaderEpoch, producerId, producerEpoch, baseSequence, crc = 0 } = fact.batch;
        const entry: Entry = { baseOffset, count, leaderEpoch, producerId, producerEpoch, baseSequence, crc };
        log.entries.push(entry);
        log.logEnd = baseOffset + count;
        if (fact.asLeader) noteLedAppend(history.ledAppends, { entry, at: this.#entry.at });
        return;
      }
      case "log-truncated":
        this.#checkCut(history, fact.broker, log, fact.to);
        log.entries = entriesBelow(log.entries, fact.to);
        log.logEnd = fact.to;
        log.comparedTo = Math.min(log.comparedTo, fact.to);
        return;
      case "high-watermark": return this.#highWatermark(history, fact.broker, log, fact.offset);
    }
  }

  #highWatermark(history: PartitionHistory, broker: number, log: ReplicaHistory, offset: number): void {
    if (log.leaderEpoch !== -1) {
      if (offset < log.highWatermarkInEpoch) {
        this.#violated("high-watermark-does-not-go-back-within-an-epoch",
          `broker ${broker}, ${history.topic}-${history.partition}, leader epoch ${log.leaderEpoch}: from ${log.highWatermarkInEpoch} to ${offset}`);
      }
      log.highWatermarkInEpoch = offset;
    }
    log.highWatermark = offset;
    if (log.leaderEpoch !== -1 && log.leaderEpoch === history.leaderEpoch) this.#checkInSyncReplicas(history, broker, offset);
    const disagreement = commitUpTo(history, log, offset);
    if (disagreement === null) return;
    if (this.#isExcused(history)) {
      // A suffix is gone for good by a named anomaly: what stands there now is what counts from here on.
      history.committed = entriesBelow(history.committed, disagreement.baseOffset);
      log.comparedTo = Math.min(log.comparedTo, disagreement.baseOffset);
      commitUpTo(history, log, offset);
    } else {
      this.#violated("logs-agree-below-high-watermark",
        `broker ${broker}, ${history.topic}-${history.partition}: another batch than the committed one at offset ${disagreement.baseOffset}`);
    }
  }

  /**
   * Whoever may be elected next has everything that is committed. A member without its page cache is the anomaly with that name. Whoever leaves
   * with a reassignment that is completed in ZooKeeper mode is in the ISR for some more milliseconds, but neither counted by the leader nor
   * electable: the controller's list, which LeaderAndIsr tells, is without it already (KafkaController.onPartitionReassignment, B2 to B5).
   */
  #checkInSyncReplicas(history: PartitionHistory, leader: number, highWatermark: number, members = history.isr): void {
    for (const member of members) {
      if (member === leader || history.cacheLost.has(member) || history.leaving.includes(member)) continue;
      const end = history.logs.get(member)?.logEnd ?? 0;
      if (end >= highWatermark || this.#isExcused(history)) continue;
      this.#violated("high-watermark-is-on-every-in-sync-replica",
        `${history.topic}-${history.partition}: high watermark ${highWatermark} on leader ${leader}, but the log of broker ${member}, which is in sync, ends at ${end}`);
    }
  }

  /** A replica cuts what its leader does not have; the leader has all that is committed. */
  #checkCut(history: PartitionHistory, broker: number, log: ReplicaHistory, to: number): void {
    if (this.#isExcused(history)) return;
    for (const entry of log.entries) {
      if (entry.baseOffset + entry.count <= to) continue;
      const committed = entryAt(history.committed, entry.baseOffset);
      if (committed === null || committed.leaderEpoch !== entry.leaderEpoch || committed.crc !== entry.crc) return;
      return this.#violated("committed-is-not-cut", `broker ${broker} cuts ${history.topic}-${history.partition} to ${to}, but offset ${entry.baseOffset} is committed`);
    }
  }

  #isExcused(history: PartitionHistory): boolean {
    return this.anomalies.some(anomaly => anomaly.topic === history.topic && anomaly.partition === history.partition);
  }

  #powerLost(process: string): void {
    for (const history of this.partitions.values()) {
      const member = history.isr.find(broker => `broker-${broker}` === process);
      if (member === undefined) continue;
      history.cacheLost.add(member);
      this.#noteLostIsr(history);
    }
  }

  #noteLostIsr(history: PartitionHistory): void {
    if (history.isr.length === 0 || !history.isr.every(member => history.cacheLost.has(member))) return;
    this.#anomaly("every-replica-of-the-isr-lost-its-page-cache", history);
    history.cacheLost.clear();
  }

  #anomaly(name: AnomalyName, { topic, partition, leaderEpoch }: PartitionHistory): void {
    this.anomalies.push({ name, topic, partition, leaderEpoch, factId: this.#entry.id, at: this.#entry.at });
  }
}

function noteLedAppend(appends: Map<number, LedAppend[]>, append: LedAppend): void {
  const known = appends.get(append.entry.baseOffset);
  if (known === undefined) appends.set(append.entry.baseOffset, [append]);
  else known.push(append);
}

/** Which of the batches that were led at this offset: an idempotent producer names it, otherwise it is the newest. */
function acknowledgedAppend(
  appends: readonly LedAppend[], fact: { readonly producerId: number; readonly baseSequence: number },
): LedAppend | undefined {
  if (fact.producerId < 0) return appends[appends.length - 1];
  return appends.findLast(({ entry }) => entry.producerId === fact.producerId && entry.baseSequence === fact.baseSequence);
}

/**
 * Whether the log of whoever leads now still holds a batch, byte for byte (a retry may have been written again in another epoch); null when
 * nobody can tell.
 */
export function holdsBatch(history: PartitionHistory, entry: Entry): boolean | null {
  const log = history.logs.get(history.leader);
  if (log === undefined || log.leaderEpoch !== history.leaderEpoch) return null;
  const found = entryAt(log.entries, entry.baseOffset);
  return found !== null && found.count === entry.count && found.crc === entry.crc;
}
