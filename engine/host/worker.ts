// The engine in its own worker: the page speaks to it through Comlink. It never evaluates text.
import { expose } from "comlink";
import { createEngine } from "./in-process.ts";

expose(createEngine());
