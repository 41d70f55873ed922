import { describe, expect, test } from "vitest";
import {
  appendToFile, createDevice, deviceDelayUs, DIRTY_BYTES_MAX, failDirectory, losePower, openLogFile, readRecordFile, setDiskCapacity, setDiskSpeed, syncFile, truncateLogFile,
  WRITEBACK_US, writeError, writeRecordFile, writeStallUs, type Disk,
} from "#engine/core/disk.ts";
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

describe("a device", () => {
  test("without limits delays nothing and takes everything", () => {
    const device = createDevice();
    expect([deviceDelayUs(device, 5, 1_000_000), writeStallUs(device, 5, 1_000_000_000)]).toEqual([0, 0]);
    expect(writeError(new Map(), device, "orders-0/x.log", 1_000_000_000)).toBeNull();
  });

  test("with a bandwidth works off what it is given one after the other", () => {
    const device = createDevice();
    setDiskSpeed({ device }, 1_000_000);
    expect(deviceDelayUs(device, 0, 1_000)).toBe(1_000);
    expect(deviceDelayUs(device, 500, 1_000)).toBe(1_500);
    expect(deviceDelayUs(device, 10_000, 1_000)).toBe(1_000);
  });

  test("lets writers wait only when it is far behind with dirty pages", () => {
    const device = createDevice();
    setDiskSpeed({ device }, 1_000_000);
    expect(writeStallUs(device, 0, DIRTY_BYTES_MAX)).toBe(0);
    expect(writeStallUs(device, 0, 1_000_000)).toBe(1_000_000);
    expect(writeStallUs(device, 60_000_000, 1)).toBe(0);
  });

  test("has a capacity, and directories that fail", () => {
    const device = createDevice();
    const disk: Disk = new Map();
    appendToFile(openLogFile(disk, "a/x.log"), "entry", 900);
    setDiskCapacity({ device }, 1_000);
    expect(writeError(disk, device, "a/x.log", 100)).toBeNull();
    expect(writeError(disk, device, "a/x.log", 101)).toBe("No space left on device");
    failDirectory({ device }, "b/");
    expect(writeError(disk, device, "b/x.log", 0)).toBe("Input/output error");
  });

  test("that was writing back when the power went has brought whole pages to the disk", () => {
    const disk: Disk = new Map();
    const file = openLogFile(disk, "log");
    for (let index = 0; index < 4; index += 1) appendToFile(file, { sizeBytes: 3_000 }, 3_000);
    file.writeback = { toLength: 4, startUs: 0, endUs: 1_000 };
    losePower(disk, 800);
    // 9600 bytes were through: two pages, that is two entries and the start of the third.
    expect(file.sizeBytes).toBe(8_192);
    expect(file.entries.length).toBe(3);
    expect(file.entries.last).toMatchObject({ keptBytes: 2_192 });
  });
});
