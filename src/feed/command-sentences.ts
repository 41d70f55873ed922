/** What a person did, as one plain sentence. The switch is exhaustive: a new command does not compile until it has words. Pure. */
import type { Command } from '#engine/cluster/commands.ts';
import { listText } from '#src/stage/shown-text.ts';
import { letters, party as partyNoun } from './wording.ts';

/** What a person did. `controllers`: ids of nodes that are controllers alone. */
export function commandSentence(command: Command, controllers: readonly number[] = []): string {
  const party = (node: number | string): string => partyNoun(node, controllers);
  switch (command.do) {
    case 'kill': return `You unplug ${party(command.node)}.`;
    case 'power-loss': return `You cut the power of ${party(command.node)}.`;
    case 'shut-down': return `You tell ${party(command.node)} to shut down.`;
    case 'pause': return `You pause ${party(command.node)}${command.forMs === undefined ? '' : ` for ${command.forMs} ms`}.`;
    case 'resume': return `You let ${party(command.node)} go on.`;
    case 'restart': return `You start ${party(command.node)} again${command.settings === undefined ? '' : `, with other settings: ${settingsText(command.settings)}`}.`;
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
    case 'delete-topics': return `You ask for the end of ${listText(command.topics.map((topic) => `topic ${topic}`))}.`;
    case 'create-partitions': return `You ask for ${command.partitions} partitions of topic ${command.topic}.`;
    case 'reassign': return reassignSentence(command.partitions);
    case 'list-reassignments': return 'You ask which partitions are being moved.';
    case 'alter-configs': return `You set ${settingsText(command.configs)} for ${resourceText(command.resource)}.`;
    case 'describe-configs': return `You ask for the settings of ${resourceText(command.resource)}.`;
    case 'alter-client-quotas': return `You set ${limitsText(command.changes)} for ${entityText(command.entity)}.`;
    case 'delete-records': return `You ask to delete what lies before offset ${command.beforeOffset} of ${command.topic}-${command.partition}.`;
    case 'describe-quorum': return 'You ask how the metadata quorum stands.';
    case 'add-controller': return `You ask to make controller ${command.node} a voter.`;
    case 'remove-controller': return `You ask to take controller ${command.node} out of the voters.`;
    case 'request': return `You send ${party(command.to)} a bare ${command.api} request.`;
    case 'zookeeper': return `You ask ZooKeeper: ${operationText(command.operation)}.`;
    case 'four-letter-word': return `You send "${command.word}" to ZooKeeper server ${command.server}.`;
    case 'slow-disk': return command.bytesPerSecond === null ? `The disk of ${party(command.node)} is as fast as before.`
      : `You slow the disk of ${party(command.node)} down to ${command.bytesPerSecond} bytes a second.`;
    case 'limit-disk': return command.capacityBytes === null ? `The disk of ${party(command.node)} has room again.`
      : `You leave the disk of ${party(command.node)} room for ${command.capacityBytes} bytes.`;
    case 'fail-log-directory': return `You let the log directory ${command.directory} of ${party(command.node)} fail.`;
    case 'damage-log': return `You damage the end of ${command.topic}-${command.partition} on the disk of ${party(command.node)}.`;
    case 'predict': return 'You say what will happen.';
  }
}

function settingsText(settings: Readonly<Record<string, string | number | boolean | null>>): string {
  return listText(Object.entries(settings).map(([name, value]) => value === null ? `${name} back to its default` : `${name}=${String(value)}`));
}

function limitsText(limits: Readonly<Record<string, number | null>>): string {
  return listText(Object.entries(limits).map(([name, value]) => value === null ? `no ${name}` : `${name}=${value}`));
}

function entityText(entity: Readonly<Record<string, string | null | undefined>>): string {
  return listText(Object.entries(entity).map(([type, name]) => name === null ? `every ${type} without a limit of its own` : `${type} ${name ?? ''}`));
}

function resourceText(resource: (Command & { readonly do: 'alter-configs' })['resource']): string {
  if ('topic' in resource) return `topic ${resource.topic}`;
  return resource.broker === '' ? 'all brokers' : `broker ${resource.broker}`;
}

function reassignSentence(partitions: (Command & { readonly do: 'reassign' })['partitions']): string {
  const moves = partitions.slice(0, 3).map(({ topic, partition, replicas }) =>
    replicas === null ? `to leave ${topic}-${partition} where it is` : `to move ${topic}-${partition} to ${listText(replicas)}`);
  return `You ask ${listText(moves)}${partitions.length > 3 ? ', and more' : ''}.`;
}

function operationText(operation: (Command & { readonly do: 'zookeeper' })['operation']): string {
  switch (operation.op) {
    case 'multi': return `${operation.operations.length} changes in one`;
    case 'create': return `create ${operation.path}`;
    case 'delete': return `delete ${operation.path}`;
    case 'setData': return `set ${operation.path}`;
    case 'exists': return `is there a ${operation.path}`;
    case 'getData': return `what is in ${operation.path}`;
    case 'getChildren': return `what is below ${operation.path}`;
    case 'sync': return `sync ${operation.path}`;
  }
}
