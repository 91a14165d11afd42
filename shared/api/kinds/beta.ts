import type { Kind } from './kind.ts'
import { storageVersionMigration } from './storagemigration/storageversionmigrations/kind.ts'

/** Kinds that have no version but a beta one yet, which is served only where `--runtime-config` asks for it. */
export const betaKinds: readonly Kind[] = [storageVersionMigration]
