// For tests of what lies below process/ and still needs time that passes.
export { realClock } from '../process/clock.ts'
