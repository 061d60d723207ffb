/** Asking for a gate's facts: what answers there may be anything. */
import { assertEquals, assertRejects } from "@std/assert";
import { fetchFacts } from "../../lib/metrics/client.ts";
import { HttpServer, type Question } from "../../lib/metrics/http.ts";
import { factsFor } from "./facts.ts";

async function asked(
  answer: (question: Question) => Response,
  token: string | null = null,
) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const server = new HttpServer(
    listener,
    (question) => Promise.resolve(answer(question)),
    () => {},
  );
  try {
    return await fetchFacts({ type: "tcp", host: "127.0.0.1", port }, token);
  } finally {
    server.close();
  }
}

Deno.test("facts are what a gate says, to whom has the token", async () => {
  const facts = factsFor({ active: 7 });
  const found = await asked(
    ({ headers, url }) =>
      Response.json(
        url.endsWith("/facts.json") &&
          headers.get("authorization") === "Bearer secret"
          ? facts
          : null,
      ),
    "secret",
  );
  assertEquals(found, facts);
});

Deno.test("what is no gate is told in words", async () => {
  for (
    const [response, words] of [
      [() => new Response("", { status: 401 }), "token is wanted"],
      [() => new Response("", { status: 404 }), "answers 404"],
      [() => new Response("<html>"), "JSON"],
      [() => new Response("null"), "no postern"],
      [() => new Response('{"sessions":1,"periods":[]}'), "no postern"],
      [() => new Response("x".repeat(17 << 20)), "too much"],
    ] as const
  ) {
    await assertRejects(() => asked(response), Error, words);
  }
});
