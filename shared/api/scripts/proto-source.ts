/** Message name → field name → number, from a generated.proto. */
export type ProtoMessages = Map<string, Map<string, number>>

/** Reads the flat proto2 files go-to-protobuf writes (no nested messages). */
export function parseProto(source: string): ProtoMessages {
  const messages: ProtoMessages = new Map()
  let current: Map<string, number> | undefined
  for (const line of source.split('\n')) {
    const message = /^message (\w+) \{/.exec(line)
    if (message?.[1]) {
      current = new Map()
      messages.set(message[1], current)
    }
    const field = /^ {2}(?:optional |repeated )?[\w.<>, ]+ (\w+) = (\d+);/.exec(line)
    if (field?.[1] && current) current.set(field[1], Number(field[2]))
  }
  return messages
}
