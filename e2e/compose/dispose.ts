import { theCluster } from './cluster.ts'

/** `node e2e/compose/dispose.ts`: removes the cluster of a test run that was interrupted. */
await (await theCluster()).dispose()
