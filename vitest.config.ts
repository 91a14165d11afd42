import { defineConfig } from 'vitest/config'

// What is waited for may take as long as a busy machine needs; without this, one second.
const expect = { poll: { timeout: 30_000 } }

// Three kinds of test: unit tables beside the code, component tests on a real etcd, Docker or kernel, and the
// end-to-end suites that drive a whole cluster. `deploy/kubets test` runs them in this order.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          // tables share no state: a process for every file would spend more on reading modules than on the cases
          isolate: false,
          include: ['**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/*.component.test.ts', 'e2e/suites/**'],
          testTimeout: 90_000,
          hookTimeout: 60_000,
          expect,
        },
      },
      {
        test: {
          name: 'component',
          // each file has servers of its own, so only the modules are shared, and most of the time is waited
          isolate: false,
          include: ['**/*.component.test.ts'],
          exclude: ['**/node_modules/**'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          expect,
          maxWorkers: 3,
        },
      },
      {
        test: {
          // One after another, and when nothing else runs: these cases kill what the others use.
          name: 'faults',
          include: ['e2e/faults/**/*.e2e.ts'],
          exclude: ['**/node_modules/**'],
          testTimeout: 900_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          // `npm run test:long`: kills at random moments, and properties tried for minutes.
          name: 'long',
          include: ['e2e/long/**/*.e2e.ts'],
          exclude: ['**/node_modules/**'],
          testTimeout: 400_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          // Starts a cluster of its own, so no other may run on this machine.
          name: 'compose',
          include: ['e2e/compose/**/*.e2e.ts'],
          exclude: ['**/node_modules/**'],
          testTimeout: 900_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['e2e/suites/**/*.e2e.ts'],
          exclude: ['**/node_modules/**'],
          testTimeout: 600_000,
          hookTimeout: 300_000,
          // more would wait for the two cores, not for the cluster
          maxWorkers: 2,
        },
      },
    ],
  },
})
