const comma = Buffer.from(',')

/** `opening`, the items with commas between them, `closing`. */
export function joinItems(opening: string, items: readonly Buffer[], closing: string): Buffer {
  const parts: Buffer[] = [Buffer.from(opening)]
  items.forEach((item, index) => {
    if (index > 0) parts.push(comma)
    parts.push(item)
  })
  parts.push(Buffer.from(closing))
  return Buffer.concat(parts)
}
