// "Letters flow, so all is well": until the first thing that has to be decided.
import { plan, wait } from "#kit";

export default plan({
  name: "nothing is wrong",
  text: "Sees that web-1 gets its receipts, and hands in.",
  breaks: "decisions-again",
  steps: [wait(30_000)],
});
