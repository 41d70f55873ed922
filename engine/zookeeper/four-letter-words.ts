// Four-letter words. (in work)
import type { Server } from "./server-state.ts";

export function fourLetterWordReceived(server: Server, connection: number, word: string): void {
  void word;
  server.process.close(connection, "a four-letter word");
}
