import type { Secret } from '@kubets/shared/api/types/core-v1.ts'
import { bootstrapTokenType, tokenTimeLeft } from '@kubets/shared/api/bootstrap-token.ts'

/** Milliseconds until the Secret is to be deleted, 0 when it is time; undefined for no such token or one that never ends. */
// pkg/controller/bootstrap/tokencleaner.go evalSecret
export const timeLeft = (secret: Secret, now: number): number | undefined =>
  secret.type === bootstrapTokenType ? tokenTimeLeft(secret, now) : undefined
