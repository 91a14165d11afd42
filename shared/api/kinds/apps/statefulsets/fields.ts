export { scale } from '../scale.ts'
