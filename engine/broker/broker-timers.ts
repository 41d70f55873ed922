// The timers that a broker has in both modes: its followers' fetches, its ISRs, its purgatories, its logs.
import type { ProcessContext } from "#engine/core/process.ts";
import { ALTER_PARTITION_TIMER, propagate, SHRINK_TIMER, shrinkIsrs } from "./alter-partition-manager.ts";
import type { BrokerState } from "./broker-state.ts";
import { THROTTLE_TIMER, throttleOver } from "./client-quotas.ts";
import { expireDelayedDeletes } from "./delayed-delete-records.ts";
import { expireDelayedFetches } from "./delayed-fetch.ts";
import { expireDelayedProduces } from "./delayed-produce.ts";
import { logManagerTimer } from "./log-manager.ts";
import { CHECKPOINT_TIMER, checkpointPeriodically, expireProducers, PRODUCER_EXPIRATION_TIMER } from "./metadata-publisher.ts";
import { purgatoryTimerName } from "./purgatory.ts";
import { FETCHER_TIMER, fetcherTimer } from "./replica-fetcher.ts";

/** False when the timer is not one of these. */
export function brokerTimer(process: ProcessContext, broker: BrokerState, name: string, payload: unknown, sequence: number): boolean {
  switch (name) {
    case FETCHER_TIMER: fetcherTimer(process, broker, payload as number, sequence); return true;
    case SHRINK_TIMER: shrinkIsrs(process, broker); return true;
    case ALTER_PARTITION_TIMER: propagate(process, broker); return true;
    case CHECKPOINT_TIMER: checkpointPeriodically(process, broker); return true;
    case PRODUCER_EXPIRATION_TIMER: expireProducers(process, broker); return true;
    case THROTTLE_TIMER: throttleOver(process, broker, payload as number); return true;
    case purgatoryTimerName(broker.delayedFetches): expireDelayedFetches(process, broker, sequence); return true;
    case purgatoryTimerName(broker.delayedDeletes): expireDelayedDeletes(process, broker, sequence); return true;
    case purgatoryTimerName(broker.delayedProduces): expireDelayedProduces(process, broker, sequence); return true;
  }
  return logManagerTimer(process, broker, name, payload);
}
