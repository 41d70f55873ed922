/**
 * A fact as one plain sentence: actor first, present tense, "you" for the learner. The switch is exhaustive: a new kind of fact does not
 * compile until it has words. Pure.
 */
import type { Command } from '#engine/cluster/commands.ts';
import type { AppendedView, ExportedFact, MessageView, ViewFact } from '#engine/cluster/view.ts';
import type { ControllerFact, RaftRole } from '#engine/protocol/facts.ts';
import { acksText, brokerOf, durationText, listText, partyText } from '#src/stage/shown-text.ts';
import { commandSentence } from './command-sentences.ts';
import { batchesText, capital, letters, offsets, place, subject } from './wording.ts';
import { zooKeeperSentence } from './zookeeper-sentences.ts';

/**
 * What a fact alone does not say.
 * @property isNewLeader a partition's change that gave it another leader or epoch.
 * @property controllers ids of nodes that are controllers alone.
 * @property isOfLeader a watermark that the partition's leader has moved, not a follower that has learnt of it.
 */
export interface Knowledge { readonly isNewLeader: boolean; readonly isOfLeader: boolean; readonly controllers?: readonly number[] }
export const KNOWS_NOTHING: Knowledge = { isNewLeader: true, isOfLeader: true };

/** The sentence; null for what is too small to be told (it is part of another fact's sentence). */
export function sentenceOf(entry: ViewFact, knowledge: Knowledge = KNOWS_NOTHING): string | null {
  const { fact } = entry;
  switch (fact.kind) {
    case 'process-started': return `${subject(fact.process)} starts${fact.host === fact.process ? '' : ` on ${fact.host}`}.`;
    // That a client is closed is said by itself.
    case 'process-stopped': return fact.how === 'exit' && brokerOf(fact.process) === null ? null : stopped(fact.process, fact.how);
    case 'process-paused': return `${subject(fact.process)} is paused: it does nothing, and nobody is told.`;
    case 'process-resumed': return `${subject(fact.process)} goes on where it stood.`;
    case 'link-cut': return `Nothing passes from ${fact.from} to ${fact.to} any more.`;
    case 'link-healed': return `The way from ${fact.from} to ${fact.to} is open again.`;
    case 'message': return messageSentence(fact);
    case 'message-held': return `What ${partyText(fact.from)} sends to ${partyText(fact.to)} does not arrive; TCP keeps trying.`;
    case 'message-dropped': return `The ${fact.tag} from ${partyText(fact.from)} to ${partyText(fact.to)} is lost with its connection.`;
    case 'connection-closed': return null;
    case 'raft-role': return raftRole(entry.process, fact.role, fact);
    case 'raft-log': return null;
    case 'zookeeper-state': case 'zookeeper-session': case 'znode': case 'znode-watch':
    case 'controller-elected': case 'controller-resigned': case 'controller-fenced': return zooKeeperSentence(fact);
    case 'node-failed': return `${nodeSubject(entry.process, fact.node)} gives up and ends with exit code ${fact.exitCode}: ${firstLine(fact.text)}`;
    // The lines say once more, in Kafka's words, what the other facts tell.
    case 'node-log': return null;
    case 'log-directory-failed': return `Broker ${fact.broker} cannot use its log directory ${fact.directory} any more: ${firstLine(fact.why)}`;
    case 'broker-registered': case 'broker-unfenced': case 'broker-fenced': case 'broker-in-controlled-shutdown': case 'topic-created':
    case 'topic-deleted': case 'topic-configured': case 'voters-changed': return controllerSentence(fact);
    case 'partition-changed': return partitionChanged(fact, knowledge);
    default: return replicaOrClientSentence(fact, knowledge);
  }
}

function controllerSentence(fact: Exclude<ControllerFact, { readonly kind: 'partition-changed' }>): string {
  switch (fact.kind) {
    case 'broker-registered': return `The controller registers broker ${fact.broker}, fenced until it has caught up with the metadata.`;
    case 'broker-unfenced': return `The controller lifts the fence of broker ${fact.broker}: it may lead and be in sync.`;
    case 'broker-fenced': return fact.silentForUs > 0
      ? `The controller has not heard from broker ${fact.broker} for ${durationText(fact.silentForUs)} and fences it.`
      : `The controller fences broker ${fact.broker}, as it asked.`;
    case 'broker-in-controlled-shutdown': return `The controller moves the leaderships of broker ${fact.broker} away: it is shutting down.`;
    case 'topic-created': return `The controller creates topic ${fact.topic} with ${fact.partitions} ${fact.partitions === 1 ? 'partition' : 'partitions'}.`;
    case 'topic-deleted': return `The controller deletes topic ${fact.topic}.`;
    case 'topic-configured': return fact.configs.length === 0 ? `The controller sets topic ${fact.topic} back to the defaults.`
      : `The controller configures topic ${fact.topic}: ${listText(fact.configs.map(([name, value]) => `${name}=${value}`))}.`;
    case 'voters-changed': return `Controller ${fact.node} ${fact.change === 'added' ? 'joins' : 'leaves'} the voters of the metadata quorum; they are ${listText(fact.voters)} now.`;
  }
}

type ReplicaOrClientFact = Exclude<ExportedFact, { readonly kind:
  'process-started' | 'process-stopped' | 'process-paused' | 'process-resumed' | 'link-cut' | 'link-healed' | 'message' | 'message-held'
  | 'message-dropped' | 'connection-closed' | 'raft-role' | 'raft-log' | 'zookeeper-state' | 'zookeeper-session' | 'znode' | 'znode-watch'
  | 'controller-elected' | 'controller-resigned' | 'controller-fenced' | 'node-failed' | 'node-log' | 'log-directory-failed' | ControllerFact['kind'] }>;

function replicaOrClientSentence(fact: ReplicaOrClientFact, knowledge: Knowledge): string | null {
  switch (fact.kind) {
    case 'log-opened': return fact.logEnd === 0 ? null : `Broker ${fact.broker} opens ${place(fact)} from its disk: it ends at ${fact.logEnd}.`;
    case 'became-leader': return `Broker ${fact.broker} knows that it leads ${place(fact)}, epoch ${fact.leaderEpoch}, from offset ${fact.epochStartOffset} on.`;
    case 'became-follower': return fact.leader < 0 ? null : `Broker ${fact.broker} follows broker ${fact.leader} in ${place(fact)}, epoch ${fact.leaderEpoch}.`;
    case 'log-appended': return appended(fact);
    case 'log-truncated': return `Broker ${fact.broker} cuts its log of ${place(fact)} back from ${fact.from} to ${fact.to}.`;
    case 'high-watermark': return knowledge.isOfLeader
      ? `Every in-sync copy is there: broker ${fact.broker} moves the high watermark of ${place(fact)} to ${fact.offset}.`
      : `Broker ${fact.broker} learns that the high watermark of ${place(fact)} is ${fact.offset}.`;
    case 'segment-rolled': return `Broker ${fact.broker} begins a new segment of ${place(fact)} at offset ${fact.baseOffset}.`;
    case 'segments-deleted': return `Broker ${fact.broker} deletes ${fact.count === 1 ? 'a segment' : `${fact.count} segments`} of ${place(fact)} ${DELETED_BECAUSE[fact.why]}; the log begins at ${fact.logStart} now.`;
    case 'log-compacted': return `Broker ${fact.broker} compacts ${place(fact)} below offset ${fact.to}: of ${fact.recordsBefore} records ${fact.recordsAfter} stay.`;
    case 'log-deleted': return `Broker ${fact.broker} deletes its copy of ${place(fact)}.`;
    case 'isr-proposed': return `Broker ${fact.broker} asks the controller to ${fact.change} the ISR of ${place(fact)} to ${listText(fact.isr)}.`;
    case 'producer-opened': return `${fact.client} is ready to send with ${acksText(fact.acks)}.`;
    case 'consumer-opened': return `${fact.client} reads ${listText(fact.assignment.map((at) => `${at.topic}-${at.partition} from ${at.position}`))}.`;
    case 'client-closed': return `${fact.client} is closed.`;
    case 'records-accepted': return acceptedSentence(fact);
    case 'batch-acknowledged': return fact.baseOffset < 0
      // acks=0: nobody answers.
      ? `${fact.client} takes ${letters(fact.count)} for ${place(fact)} as delivered; at which offset, it is not told.`
      : `${fact.client} gets its receipt: ${offsets(fact.baseOffset, fact.count)} of ${place(fact)}.`;
    case 'batch-retried': return `${fact.client} will send ${letters(fact.count)} for ${place(fact)} again: ${fact.error}, try ${fact.attempt}.`;
    case 'batch-failed': return `${fact.client} gives up ${letters(fact.count)} for ${place(fact)}: ${fact.error}${fact.definite ? '' : ', and cannot know whether the log has them'}.`;
    case 'metadata-refreshed': return `${fact.client} learns who leads what.`;
    case 'peer-unreachable': return `${fact.client} cannot reach broker ${fact.broker}.`;
    case 'records-consumed': return `${fact.client} reads ${offsets(fact.fromOffset, fact.nextOffset - fact.fromOffset)} of ${place(fact)} from broker ${fact.fromBroker}.`;
    case 'position-reset': return `${fact.client} ${fact.why === 'seek' ? 'will read' : `(${fact.why}) goes on reading`} ${place(fact)} from offset ${fact.offset}.`;
    case 'command': return commandSentence(fact.command as Command, knowledge.controllers);
  }
}

function stopped(process: string, how: 'crash' | 'power-loss' | 'exit'): string {
  switch (how) {
    case 'crash': return `${subject(process)} is gone. It has told nobody.`;
    case 'power-loss': return `${subject(process)} is gone with its power; what was not on its disk yet is lost.`;
    case 'exit': return `${subject(process)} has shut down.`;
  }
}

const DELETED_BECAUSE = {
  'retention-time': 'that have outlived retention.ms', 'retention-size': 'to come below retention.bytes',
  'log-start-offset': 'that lie before its new start',
} as const;

/** A node alone in its process is a broker or a controller; nodes that are both are called brokers. */
function nodeNoun(process: string): string {
  return process.startsWith('controller-') ? 'controller' : 'broker';
}

function nodeSubject(process: string, node: number): string {
  return capital(`${nodeNoun(process)} ${node}`);
}

/** What a node logs ends without a full stop; a sentence has one. */
function firstLine(text: string): string {
  const [line = ''] = text.split('\n', 1);
  return line.endsWith('.') ? line : `${line}.`;
}

function raftRole(process: string, role: RaftRole, fact: { readonly node: number; readonly epoch: number; readonly leader: number }): string | null {
  const who = nodeSubject(process, fact.node);
  switch (role) {
    case 'leader': return `${who} wins the election of the metadata quorum: it is the active controller of epoch ${fact.epoch}.`;
    case 'prospective': return `${who} knows of no active controller and asks whether it would be elected, before it begins a new epoch.`;
    case 'candidate': return `${who} knows of no active controller and stands for election in epoch ${fact.epoch}.`;
    case 'resigned': return `${who} resigns as active controller.`;
    case 'follower': return fact.leader < 0 ? null : `${who} follows ${nodeNoun(process)} ${fact.leader} in the metadata quorum, epoch ${fact.epoch}.`;
    case 'unattached': case 'observer': return null;
  }
}

type PartitionChanged = ControllerFact & { readonly kind: 'partition-changed' };

function partitionChanged(fact: PartitionChanged, { isNewLeader }: Knowledge): string {
  const where = place(fact);
  const isr = `in sync: ${listText(fact.isr)}`;
  if (!isNewLeader && fact.reason === 'broker-fenced') return `${capital(where)} loses a replica from its ISR; ${isr}. Broker ${fact.leader} goes on leading it.`;
  if (!isNewLeader && fact.reason === 'broker-gone') return `${capital(where)} loses a replica from its ISR; ${isr}. Broker ${fact.leader} goes on leading it.`;
  if (!isNewLeader && fact.reason === 'controlled-shutdown') return `${capital(where)} takes the leaving broker out of its ISR; ${isr}.`;
  const leads = fact.leader < 0 ? `Nobody leads ${where}` : `Broker ${fact.leader} leads ${where}, epoch ${fact.leaderEpoch}`;
  switch (fact.reason) {
    case 'created': return `${leads}; ${isr}.`;
    case 'partitions-added': return `${capital(where)} is new. ${leads}; ${isr}.`;
    case 'broker-fenced': return `${leads}, after a broker was fenced; ${isr}.`;
    case 'broker-unfenced': return `${leads}, now that a replica is back; ${isr}.`;
    case 'broker-gone': return `${leads}, after a broker's session has ended; ${isr}.`;
    case 'broker-back': return `${leads}, now that a replica is back; ${isr}.`;
    case 'controller-failover': return `${leads}, says the new controller; ${isr}.`;
    case 'log-directory-failed': return `${leads}, after a log directory has failed; ${isr}.`;
    case 'controlled-shutdown': return `${leads}, before its broker shuts down; ${isr}.`;
    case 'isr-shrunk': return `The ISR of ${where} shrinks; ${isr}.`;
    case 'isr-expanded': return `The ISR of ${where} grows; ${isr}.`;
    case 'eligible-leader-replicas': return eligibleSentence(fact);
    case 'preferred-election': return `${leads}: the first of its assignment leads again, because it was asked for.`;
    case 'automatic-preferred-election': return `${leads}: the first of its assignment leads again, by the controller's own check.`;
    case 'unclean-election': return `${leads}, though it was not in sync: what it lacks is lost.`;
    case 'reassignment-started': case 'reassignment-completed': case 'reassignment-cancelled': return reassignmentSentence(fact);
  }
}

function eligibleSentence(fact: PartitionChanged): string {
  const eligible = fact.eligibleLeaderReplicas ?? [];
  return eligible.length === 0 ? `${capital(place(fact))} needs no eligible leader replicas any more; in sync: ${listText(fact.isr)}.`
    : `${capital(place(fact))} may still be led without loss by ${listText(eligible)}, though not in sync; in sync: ${listText(fact.isr)}.`;
}

function reassignmentSentence(fact: PartitionChanged): string {
  const where = capital(place(fact));
  const kept = `its replicas are ${listText(fact.replicas)}`;
  if (fact.reason === 'reassignment-completed') return `${where} has moved: ${kept}, in sync: ${listText(fact.isr)}.`;
  if (fact.reason === 'reassignment-cancelled') return `The move of ${place(fact)} is cancelled: ${kept} again.`;
  const moves = [
    ...(fact.addingReplicas ?? []).length === 0 ? [] : [`gets copies on ${listText(fact.addingReplicas ?? [])}`],
    ...(fact.removingReplicas ?? []).length === 0 ? [] : [`will leave ${listText(fact.removingReplicas ?? [])}`],
  ];
  return `${where} ${moves.length === 0 ? 'is reassigned' : moves.join(' and ')}; in sync: ${listText(fact.isr)}.`;
}

function appended(fact: AppendedView): string {
  const what = offsets(fact.batch.baseOffset, fact.batch.count);
  return fact.asLeader
    ? `${capital(what)} of ${place(fact)} ${fact.batch.count === 1 ? 'is' : 'are'} in broker ${fact.broker}'s log, in pencil.`
    : `Broker ${fact.broker} has its copy of ${what} of ${place(fact)}.`;
}

function messageSentence(message: MessageView): string | null {
  const { summary } = message;
  const to = partyText(message.to);
  const from = subject(message.from);
  switch (summary.about) {
    case 'produce': return `${from} sends ${listText(summary.partitions.map((it) => `${batchesText(it.batches)} for partition ${it.partition}`))} to ${to}.`;
    case 'produce-response': {
      const refused = summary.partitions.filter((it) => it.error !== 'NONE');
      if (refused.length === 0) return `${from} acknowledges ${listText(summary.partitions.map((it) => `offset ${it.baseOffset} of ${place(it)}`))} to ${to}.`;
      return `${from} refuses the letter of ${to}: ${listText(refused.map((it) => `${it.error} for ${place(it)}`))}.`;
    }
    case 'fetch': {
      const asked = summary.partitions.map((it) => `${place(it)} from ${it.fetchOffset}`);
      return asked.length === 0 ? null : `${from} asks ${to} for ${listText(asked.slice(0, 3))}${asked.length > 3 ? ' and more' : ''}.`;
    }
    case 'fetch-response': {
      const full = summary.partitions.filter((it) => it.batches.length > 0);
      const refused = summary.partitions.find((it) => it.error !== 'NONE');
      if (full.length > 0) return `${from} answers ${to} with ${listText(full.map((it) => `${batchesText(it.batches)} of ${place(it)}`))}.`;
      return refused === undefined ? null : `${from} refuses ${to}: ${refused.error} for ${place(refused)}.`;
    }
    case 'other': return summary.errors.length > 0 ? `${from} refuses ${to}: ${listText(summary.errors)} (${message.tag}).` : null;
  }
}

function acceptedSentence(fact: { readonly client: string; readonly topic: string; readonly keys: readonly (string | null)[]; readonly partitions: readonly number[] }): string {
  const where = [...new Set(fact.partitions)];
  const goes = where.length === 1 && where[0] !== undefined && where[0] >= 0 ? ` It goes to partition ${where[0]}.` : '';
  const keys = fact.keys.slice(0, 3).map((key) => key ?? 'a letter without a key');
  return `${fact.client} writes ${listText(keys)}${fact.keys.length > 3 ? ' and more' : ''} to ${fact.topic}.${goes}`;
}
