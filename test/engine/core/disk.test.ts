import { describe, expect, test } from "vitest";
import { losePower, openLogFile, readRecordFile, syncFile, truncateLogFile, WRITEBACK_US, writeRecordFile, type Disk } from "#engine/core/disk.ts";
import { diaryOf, tell, twoDiarists } from "./toy-processes.ts";

describe("a disk", () => {
  test("a loss of power keeps what was forced to disk and drops the rest", () => {
    const disk: Disk = new Map();
    const file = openLogFile(disk, "log");
    file.entries.push("a");
    syncFile(file);
    file.entries.push("b");
    losePower(disk);
    expect([...file.entries]).toEqual(["a"]);
  });

  test("cutting the end forgets that it was on disk", () => {
    const disk: Disk = new Map();
    const file = openLogFile(disk, "log");
    for (const entry of ["a", "b", "c"]) file.entries.push(entry);
    syncFile(file);
    truncateLogFile(file, 1);
    file.entries.push("d");
    losePower(disk);
    expect([...file.entries]).toEqual(["a"]);
  });

  test("a record file comes back as it was last forced to disk, or not at all", () => {
    const disk: Disk = new Map();
    writeRecordFile(disk, "never synced", "x", false);
    writeRecordFile(disk, "synced", "old", true);
    writeRecordFile(disk, "synced", "new", false);
    expect(readRecordFile(disk, "synced")).toBe("new");
    losePower(disk);
    expect(readRecordFile(disk, "synced")).toBe("old");
    expect(readRecordFile(disk, "never synced")).toBeUndefined();
  });

  test("a log file and a record file do not share a path", () => {
    const disk: Disk = new Map();
    writeRecordFile(disk, "path", 1, true);
    expect(() => openLogFile(disk, "path")).toThrow("path is not a log file");
  });
});

describe("the page cache of a process", () => {
  test("survives a crash", () => {
    const simulation = twoDiarists();
    tell(simulation, "left", { do: "write", entry: "a" });
    simulation.crash("left");
    simulation.start("left");
    simulation.runUntil(simulation.world.now);
    expect(diaryOf(simulation, "left")).toEqual(["0 start with 1"]);
  });

  test("does not survive a loss of power", () => {
    const simulation = twoDiarists();
    tell(simulation, "left", { do: "write", entry: "a", sync: true });
    tell(simulation, "left", { do: "write", entry: "b" });
    simulation.losePower("left");
    simulation.start("left");
    simulation.runUntil(simulation.world.now);
    expect(diaryOf(simulation, "left")).toEqual(["0 start with 1"]);
  });

  test("is written back by the operating system within 30 s, what came later within the next 30 s", () => {
    const simulation = twoDiarists();
    tell(simulation, "left", { do: "write", entry: "a" });
    simulation.runUntil(WRITEBACK_US - 1);
    tell(simulation, "left", { do: "write", entry: "b" });
    simulation.runUntil(WRITEBACK_US);
    const fork = simulation.fork();
    fork.losePower("left");
    fork.start("left");
    fork.runUntil(fork.world.now);
    expect(diaryOf(fork, "left")).toEqual([`${WRITEBACK_US} start with 1`]);
    simulation.runUntil(2 * WRITEBACK_US);
    simulation.losePower("left");
    simulation.start("left");
    simulation.runUntil(simulation.world.now);
    expect(diaryOf(simulation, "left")).toEqual([`${2 * WRITEBACK_US} start with 2`]);
  });

  test("is written back also while the process is dead, as long as the machine has power", () => {
    const simulation = twoDiarists();
    tell(simulation, "left", { do: "write", entry: "a" });
    simulation.crash("left");
    simulation.runUntil(WRITEBACK_US);
    simulation.start("left");
    simulation.runUntil(simulation.world.now);
    simulation.losePower("left");
    simulation.start("left");
    simulation.runUntil(simulation.world.now);
    expect(diaryOf(simulation, "left")).toEqual([`${WRITEBACK_US} start with 1`]);
  });
});
