/** Calls a function for each item, for at most `limit` items at the same time. Rejects with its first error. */
export async function concurrently<Item>(
  items: Iterable<Item>,
  limit: number,
  run: (item: Item) => Promise<void>,
): Promise<void> {
  const pending = items[Symbol.iterator]();
  const runPending = async () => {
    for (let next = pending.next(); next.done !== true; next = pending.next()) await run(next.value);
  };
  await Promise.all(Array.from({ length: limit }, runPending));
}
