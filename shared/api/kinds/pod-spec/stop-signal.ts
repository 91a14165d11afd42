import { forbidden, notSupported, type FieldError, type FieldPath } from '../../../machinery/fieldpath.ts'
import type { PodOS } from '../../types/core-v1.ts'

const named =
  'ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX'
const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1)

const signals: Readonly<Record<string, readonly string[]>> = {
  linux: [
    ...named.split(' ').map((name) => `SIG${name}`),
    ...numbers(15).map((n) => `SIGRTMIN+${n}`),
    ...numbers(14).map((n) => `SIGRTMAX-${n}`),
  ].sort(),
  windows: ['SIGKILL', 'SIGTERM'],
}

/** Adds what is wrong with the signal that stops a container: which ones there are, the operating system says. */
// pkg/apis/core/validation/validation.go validateStopSignal
export function checkStopSignal(signal: string, os: PodOS | undefined, path: FieldPath, errors: FieldError[]): void {
  if (!os) errors.push(forbidden(path, 'may not be set for containers with empty `spec.os.name`'))
  else if (os.name === 'linux' || os.name === 'windows') {
    const known = signals[os.name]!
    if (!known.includes(signal)) errors.push(notSupported(path, signal, known))
  }
}
