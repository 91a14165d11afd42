export { columns, row } from '../binding-columns.ts'
