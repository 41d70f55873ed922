/**
 * A fact as one plain sentence: actor first, present tense, "you" for the learner. The switch is exhaustive: a new kind of fact does not
 * compile until it has words. Pure.
 */
import type { Command } from '#engine/cluster/commands.ts';
import type { AppendedView, BatchView, ExportedFact, MessageView, ViewFact } from '#engine/cluster/view.ts';
import type { PartitionChangeReason, RaftRole } from '#engine/protocol/facts.ts';
import { acksText, brokerOf, durationText, listText, partyText } from '#src/stage/shown-text.ts';

/**
 * What a fact alone does not say.
 * @property isNewLeader a partition's change that gave it another leader or epoch.
 * @property isOfLeader a watermark that the partition's leader has moved, not a follower that has learnt of it.
 */
export interface Knowledge { readonly isNewLeader: boolean; readonly isOfLeader: boolean }
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
    case 'raft-role': return raftRole(fact.node, fact.role, fact);
    case 'raft-log': return null;
    case 'broker-registered': return `The controller registers broker ${fact.broker}, fenced until it has caught up with the metadata.`;
    case 'broker-unfenced': return `The controller lifts the fence of broker ${fact.broker}: it may lead and be in sync.`;
    case 'broker-fenced': return fact.silentForUs > 0
      ? `The controller has not heard from broker ${fact.broker} for ${durationText(fact.silentForUs)} and fences it.`
      : `The controller fences broker ${fact.broker}, as it asked.`;
    case 'broker-in-controlled-shutdown': return `The controller moves the leaderships of broker ${fact.broker} away: it is shutting down.`;
    case 'topic-created': return `The controller creates topic ${fact.topic} with ${fact.partitions} ${fact.partitions === 1 ? 'partition' : 'partitions'}.`;
    case 'partition-changed': return partitionChanged(fact, knowledge);
    default: return replicaOrClientSentence(fact, knowledge);
  }
}

type ReplicaOrClientFact = Exclude<ExportedFact, { readonly kind:
  'process-started' | 'process-stopped' | 'process-paused' | 'process-resumed' | 'link-cut' | 'link-healed' | 'message' | 'message-held'
  | 'message-dropped' | 'connection-closed' | 'raft-role' | 'raft-log' | 'broker-registered' | 'broker-unfenced' | 'broker-fenced'
  | 'broker-in-controlled-shutdown' | 'topic-created' | 'partition-changed' }>;

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
    case 'command': return commandSentence(fact.command as Command);
  }
}

function stopped(process: string, how: 'crash' | 'power-loss' | 'exit'): string {
  switch (how) {
    case 'crash': return `${subject(process)} is gone. It has told nobody.`;
    case 'power-loss': return `${subject(process)} is gone with its power; what was not on its disk yet is lost.`;
    case 'exit': return `${subject(process)} has shut down.`;
  }
}

function raftRole(node: number, role: RaftRole, fact: { readonly epoch: number; readonly leader: number }): string | null {
  switch (role) {
    case 'leader': return `Broker ${node} wins the election of the metadata quorum: it is the active controller of epoch ${fact.epoch}.`;
    case 'candidate': return `Broker ${node} knows of no active controller and stands for election in epoch ${fact.epoch}.`;
    case 'resigned': return `Broker ${node} resigns as active controller.`;
    case 'follower': return fact.leader < 0 ? null : `Broker ${node} follows broker ${fact.leader} in the metadata quorum, epoch ${fact.epoch}.`;
    case 'unattached': case 'observer': return null;
  }
}

function partitionChanged(fact: {
  readonly topic: string; readonly partition: number; readonly isr: readonly number[]; readonly leader: number; readonly leaderEpoch: number;
  readonly reason: PartitionChangeReason;
}, { isNewLeader }: Knowledge): string {
  const where = place(fact);
  const isr = `in sync: ${listText(fact.isr)}`;
  if (!isNewLeader && fact.reason === 'broker-fenced') return `${capital(where)} loses a replica from its ISR; ${isr}. Broker ${fact.leader} goes on leading it.`;
  if (!isNewLeader && fact.reason === 'controlled-shutdown') return `${capital(where)} takes the leaving broker out of its ISR; ${isr}.`;
  const leads = fact.leader < 0 ? `Nobody leads ${where}` : `Broker ${fact.leader} leads ${where}, epoch ${fact.leaderEpoch}`;
  switch (fact.reason) {
    case 'created': return `${leads}; ${isr}.`;
    case 'broker-fenced': return `${leads}, after a broker was fenced; ${isr}.`;
    case 'broker-unfenced': return `${leads}, now that a replica is back; ${isr}.`;
    case 'controlled-shutdown': return `${leads}, before its broker shuts down; ${isr}.`;
    case 'isr-shrunk': return `The ISR of ${where} shrinks; ${isr}.`;
    case 'isr-expanded': return `The ISR of ${where} grows; ${isr}.`;
    case 'preferred-election': return `${leads}: the first of its assignment leads again, because it was asked for.`;
    case 'automatic-preferred-election': return `${leads}: the first of its assignment leads again, by the controller's own check.`;
    case 'unclean-election': return `${leads}, though it was not in sync: what it lacks is lost.`;
  }
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

/** What a person did. */
export function commandSentence(command: Command): string {
  switch (command.do) {
    case 'kill': return `You unplug ${party(command.node)}.`;
    case 'power-loss': return `You cut the power of ${party(command.node)}.`;
    case 'shut-down': return `You tell ${party(command.node)} to shut down.`;
    case 'pause': return `You pause ${party(command.node)}${command.forMs === undefined ? '' : ` for ${command.forMs} ms`}.`;
    case 'resume': return `You let ${party(command.node)} go on.`;
    case 'restart': return `You start ${party(command.node)} again.`;
    case 'cut': return `You cut the network between ${listText(command.from.map(party))} and ${listText(command.to.map(party))}${command.oneWay === true ? ', one way' : ''}.`;
    case 'heal': return command.from.length === 0 ? 'You heal the network.' : `You heal the network between ${listText(command.from.map(party))} and ${listText(command.to.map(party))}.`;
    case 'drop': return `You lose the next ${command.count} ${command.api} ${command.direction}s.`;
    case 'open-producer': return `You open producer ${command.producer.id}.`;
    case 'open-consumer': return `You open consumer ${command.consumer.id}.`;
    case 'close-client': return `You close ${command.client}.`;
    case 'send': return `You hand ${command.producer} ${letters(command.records.length)} for ${command.topic}${command.records[0]?.key == null ? '' : `, key ${command.records[0].key}`}.`;
    case 'seek': return `You send ${command.consumer} to offset ${command.offset} of ${command.topic}-${command.partition}.`;
    case 'read': return `You read ${command.topic}-${command.partition} from offset ${command.from}.`;
    case 'create-topic': return `You ask for topic ${command.topic}.`;
    case 'elect-leaders': return `You ask for ${command.type === 'preferred' ? 'a preferred' : 'an unclean'} election.`;
    case 'fetch-metadata': return 'You ask who leads what.';
    case 'list-offsets': return `You ask for offsets of ${command.topic}.`;
    case 'predict': return 'You say what will happen.';
  }
}

function party(node: number | string): string {
  return typeof node === 'number' ? `broker ${node}` : node;
}

function subject(process: string): string {
  return capital(partyText(process), process);
}

/** Names of clients keep their first letter as it is. */
function capital(text: string, name = ''): string {
  return text === name ? text : text.charAt(0).toUpperCase() + text.slice(1);
}

function place(of: { readonly topic: string; readonly partition: number }): string {
  return `partition ${of.partition}`;
}

function offsets(first: number, count: number): string {
  return count <= 1 ? `offset ${first}` : `offsets ${first} to ${first + count - 1}`;
}

function letters(count: number): string {
  return count === 1 ? 'a letter' : `${count} letters`;
}

function batchesText(batches: readonly BatchView[]): string {
  const keys = batches.flatMap((batch) => batch.records.map((record) => record.key ?? 'a letter without a key'));
  const count = batches.reduce((sum, batch) => sum + batch.count, 0);
  const first = keys[0] ?? letters(count);
  return count <= 1 ? first : `${first} and ${count - 1} more`;
}
