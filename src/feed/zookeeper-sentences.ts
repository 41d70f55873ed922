/** What ZooKeeper's servers, and the brokers that race for the controller's seat, tell. Pure. */
import type { ZooKeeperControllerFact, ZooKeeperFact } from '#engine/protocol/facts.ts';
import { durationText, partyText } from '#src/stage/shown-text.ts';
import { subject } from './wording.ts';

export function zooKeeperSentence(fact: ZooKeeperFact | ZooKeeperControllerFact): string | null {
  switch (fact.kind) {
    case 'zookeeper-state': return stateSentence(fact);
    case 'zookeeper-session': return sessionSentence(fact);
    case 'znode': return znodeSentence(fact);
    case 'znode-watch': return `ZooKeeper server ${fact.server} tells ${partyText(fact.client)} that ${fact.path} ${EVENTS.get(fact.event) ?? fact.event}.`;
    case 'controller-elected': return `Broker ${fact.broker} was the first to create /controller: it is the controller, epoch ${fact.controllerEpoch}.`;
    case 'controller-resigned': return `Broker ${fact.broker} is the controller no more, epoch ${fact.controllerEpoch}: ${fact.why.replace(/\.$/, '')}.`;
    case 'controller-fenced':
      return `Broker ${fact.broker} refuses the ${fact.api} request of an old controller: its epoch is ${fact.requestEpoch}, and ${fact.controllerEpoch} is known here.`;
  }
}

const EVENTS: ReadonlyMap<string, string> = new Map([
  ['NodeCreated', 'is there'], ['NodeDeleted', 'is gone'], ['NodeDataChanged', 'has changed'], ['NodeChildrenChanged', 'has other children'],
]);

function stateSentence({ server, state, epoch, leader }: ZooKeeperFact & { readonly kind: 'zookeeper-state' }): string | null {
  switch (state) {
    case 'looking': return `ZooKeeper server ${server} knows of no leader and looks for one.`;
    case 'following': return leader < 0 ? null : `ZooKeeper server ${server} follows server ${leader}, epoch ${epoch}.`;
    case 'leading': return `ZooKeeper server ${server} leads the ensemble, epoch ${epoch}.`;
  }
}

function sessionSentence({ change, client, silentForUs = 0 }: ZooKeeperFact & { readonly kind: 'zookeeper-session' }): string {
  switch (change) {
    case 'created': return `${subject(client)} has a session with ZooKeeper.`;
    case 'closed': return `${subject(client)} closes its session with ZooKeeper.`;
    case 'expired':
      return `ZooKeeper has not heard from ${partyText(client)}${silentForUs > 0 ? ` for ${durationText(silentForUs)}` : ''} and ends its session.`;
  }
}

function znodeSentence({ path, change, version, ephemeral }: ZooKeeperFact & { readonly kind: 'znode' }): string {
  switch (change) {
    case 'created': return `ZooKeeper has a new znode ${path}${ephemeral ? ', which lives as long as the session that made it' : ''}.`;
    case 'changed': return `ZooKeeper has version ${version} of ${path}.`;
    case 'deleted': return `The znode ${path} is gone.`;
  }
}
