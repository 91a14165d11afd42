import type { Model } from './rules/model.ts'

/** How much one synchronisation wrote. */
export interface SyncResult {
  readonly full: boolean
  /** Rules that the kernel holds for us now. */
  readonly total: number
  /** Rules written this time. */
  readonly written: number
}

/** What puts a model into the kernel. Every method may throw; the next sync then writes everything. */
export interface Backend {
  readonly mode: string
  /** Brings the kernel to the model; writes only what changed since the last success. */
  sync(model: Model, signal: AbortSignal): Promise<SyncResult>
  /** Forgets what was written: the next sync writes everything. */
  invalidate(): void
  /** Whether our rules are still where they have to be. */
  intact(model: Model, signal: AbortSignal): Promise<boolean>
  /** Removes everything that is ours and restores the settings found at start. */
  cleanup(signal: AbortSignal): Promise<void>
}
