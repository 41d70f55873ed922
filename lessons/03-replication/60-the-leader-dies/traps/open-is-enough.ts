// "It takes letters again, so we are done." For now one disk holds everything.
import { plan, restart, waitUntil } from "#kit";

export default plan({
  name: "open is enough",
  text: "Hands in as soon as broker 1 leads, while it is the only one in sync.",
  breaks: "three-copies",
  steps: [
    restart(1),
    waitUntil({ check: "writable", topic: "user-events" }, 60_000),
  ],
});
