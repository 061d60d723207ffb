/** The server of answers: what it takes for a request, and how many of them. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  HttpServer,
  mostVisits,
  type Question,
  questionOf,
} from "../../lib/metrics/http.ts";
import { until } from "../support/peers.ts";

Deno.test("a head is a request, or nothing", () => {
  const url = (head: string) => questionOf(head)?.url ?? null;
  assertEquals(url("GET /metrics HTTP/1.1"), "http://localhost/metrics");
  assertEquals(url("GET http://x/y?z HTTP/1.0"), "http://x/y?z");
  assertEquals(
    url("GET /../../etc/passwd HTTP/1.1"),
    "http://localhost/etc/passwd",
  );
  for (
    const head of [
      ...["", "GET /", "GET / HTTP/2", "get / HTTP/1.1", "GET  / HTTP/1.1"],
      ...["GET * HTTP/1.1", "GET / HTTP/1.1\r\nno header"],
      ...["GET / HTTP/1.1\r\nHost : x", "GET / HTTP/1.1\r\n folded: x"],
      "GET / HTTP/1.1\r\nA: b\0c",
    ]
  ) assertEquals(url(head), null, head);
  const { headers } = questionOf("GET / HTTP/1.1\r\nHOST:  a \r\nHost: b")!;
  assertEquals(headers.get("host"), "a, b");
});

async function withServer(
  answer: (question: Question) => Promise<Response>,
  act: (connect: () => Promise<Deno.Conn>, server: HttpServer) => Promise<void>,
): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const server = new HttpServer(listener, answer, () => {});
  try {
    await act(() => Deno.connect({ hostname: "127.0.0.1", port }), server);
  } finally {
    server.close();
  }
}

/** All that comes until the end, whatever kind of end. */
async function rest(conn: Deno.Conn): Promise<string> {
  let text = "";
  const bytes = new Uint8Array(65536);
  try {
    for (let n; (n = await conn.read(bytes)) !== null;) {
      text += new TextDecoder().decode(bytes.subarray(0, n));
    }
  } catch {
    // It was reset.
  }
  conn.close();
  return text;
}

const send = (conn: Deno.Conn, text: string) =>
  conn.write(new TextEncoder().encode(text));

const hello = (question: Question) =>
  Promise.resolve(new Response(`${question.method} said\n`));

Deno.test("an answer is whole, whatever comes in pieces or too much", () =>
  withServer(hello, async (connect) => {
    const slow = await connect();
    for (const piece of ["GET / HT", "TP/1.1\r\nHost: x\r", "\n\r", "\n"]) {
      await send(slow, piece);
    }
    const answer = await rest(slow);
    assertMatch(answer, /^HTTP\/1\.1 200 OK\r\n/);
    assertMatch(answer, /\r\ncontent-length: 9\r\n[^]*\r\n\r\nGET said\n$/);
    const head = await connect();
    await send(head, "HEAD / HTTP/1.1\n\n");
    assertMatch(await rest(head), /content-length: 10\r\n[^]*\r\n\r\n$/);
    const post = await connect();
    await send(post, `POST / HTTP/1.1\r\n\r\n${"x".repeat(100_000)}`);
    assertMatch(await rest(post), /POST said/);
    const garbage = await connect();
    await send(garbage, "\x16\x03\x01\n\n");
    assertMatch(await rest(garbage), /^HTTP\/1\.1 400 /);
    const endless = await connect();
    await send(endless, `GET / HTTP/1.1\r\n${"A: b\r\n".repeat(3000)}`)
      .catch(() => {}); // it may be closed by then
    assertEquals(await rest(endless), "");
  }));

Deno.test("many who say nothing do not keep another from being answered", () =>
  withServer(hello, async (connect) => {
    const silent: Deno.Conn[] = [];
    for (let i = 0; i < 3 * mostVisits; i++) silent.push(await connect());
    const gone = silent.slice(0, 2 * mostVisits).map(rest);
    assertEquals(new Set(await Promise.all(gone)), new Set([""]));
    const conn = await connect();
    await send(conn, "GET / HTTP/1.1\r\n\r\n");
    assertMatch(await rest(conn), /GET said/);
    for (const each of silent.slice(2 * mostVisits)) each.close();
  }));

Deno.test("answers come one after the other, and one that fails is the asker's", async () => {
  let atOnce = 0, most = 0;
  const slowly = async ({ url }: Question) => {
    most = Math.max(most, ++atOnce);
    await new Promise((over) => setTimeout(over, 2));
    atOnce--;
    if (url.endsWith("/bad")) throw new Error("a bug");
    return new Response("good");
  };
  await withServer(slowly, async (connect) => {
    const paths = ["/", "/bad", "/", "/"];
    const answers = await Promise.all(paths.map(async (path) => {
      const conn = await connect();
      await send(conn, `GET ${path} HTTP/1.1\r\n\r\n`);
      return (await rest(conn)).split("\r\n\r\n")[1] ?? "";
    }));
    assertEquals(answers, ["good", "", "good", "good"]);
    assertEquals(most, 1);
  });
});

Deno.test("who is there when it is closed has to go", () =>
  withServer(() => new Promise(() => {}), async (connect, server) => {
    const conn = await connect();
    await send(conn, "GET / HTTP/1.1\r\n\r\n");
    let ended = false;
    const end = rest(conn).then(() => ended = true);
    server.close();
    await until("the connection to end", () => Promise.resolve(ended));
    await end;
    assert(await connect().then((late) => late.close()).catch(() => "refused"));
  }));
