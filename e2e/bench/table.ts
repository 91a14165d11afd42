/** A row of the benchmark table. */
export interface Row {
  readonly name: string
  readonly value: string
}

/** Rows as an aligned table. */
export function formatTable(rows: readonly Row[]): string {
  const width = Math.max(...rows.map((row) => row.name.length))
  return rows.map((row) => `${row.name.padEnd(width)}  ${row.value}\n`).join('')
}
