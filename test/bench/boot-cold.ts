// One boot in a fresh process; prints its milliseconds.
import { performance } from "node:perf_hooks";
import { bootToTopic } from "./boot-kraft.ts";

const began = performance.now();
bootToTopic(1);
console.log(performance.now() - began);
