/**
 * Several stories on one broker, which takes long to start: each is a step of
 * one test. With STORY in the environment only those that have it in their name
 * are told.
 *
 * @module
 */

/** @param tell tells one, and is told how many came before it */
export async function tellStories<Story>(
  test: Deno.TestContext,
  stories: Readonly<Record<string, Story>>,
  tell: (story: Story, before: number) => Promise<void>,
): Promise<void> {
  const only = Deno.env.get("STORY") ?? "";
  for (const [i, [name, story]] of Object.entries(stories).entries()) {
    if (!name.includes(only)) continue;
    await test.step({
      name,
      sanitizeOps: false,
      sanitizeResources: false,
      fn: () => tell(story, i),
    });
  }
}
