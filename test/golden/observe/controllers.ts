// Who is controller: as /controller says, as each broker's Metadata says.
import type { GoldenWorld } from "../golden-world.ts";
import type { JsonObject } from "../read-recording.ts";
import { znodesOf } from "./znodes.ts";
import type { ResponseOf } from "#engine/protocol/messages.ts";

export function controllerIdAt(world: GoldenWorld, broker: number): number | null {
  const answer = world.ask(broker, "Metadata", { topics: [], allowAutoTopicCreation: false });
  return answer.is === "answer" ? (answer.body as ResponseOf<"Metadata">).controllerId : null;
}

/** /controller and /controller_epoch with its version. */
export function controllerZnodes(world: GoldenWorld): JsonObject {
  const znodes = znodesOf(world);
  const controller = znodes.get("/controller");
  const epoch = znodes.get("/controller_epoch");
  return { "/controller": controller?.data ?? null, "/controller_epoch": epoch?.data ?? null, "/controller_epoch version": epoch?.version ?? null, "ephemeral": controller?.ephemeral ?? false };
}
