import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/properties/fixed-seed.ts'],
    // Simulation and browser tests have deadlines of their own; a unit test that needs more than this is not one.
    testTimeout: 20_000,
    // The tests of two files never share a world, and two cores are what a small machine has.
    pool: 'threads',
    reporters: ['default'],
  },
});
