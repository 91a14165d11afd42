export { defaults } from '../binding-defaults.ts'
