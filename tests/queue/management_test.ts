/**
 * Asking a management API: where it is, who asks, and answers that are none.
 *
 * @module
 */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Remediable } from "../../lib/queue/finding.ts";
import { Management } from "../../lib/queue/management.ts";
import {
  managementPlace,
  managementUrls,
} from "../../lib/queue/management_url.ts";
import { queueOptions, usualSettings } from "../../lib/queue/options.ts";
import { queueUrl } from "../../lib/queue/url.ts";

Deno.test("managementPlace() takes URLs, and none", () => {
  assertEquals(managementPlace("none"), null);
  const rows: [string, string][] = [
    ["http://h", "http://h:15672"],
    ["HTTPS://h/", "https://h:15671"],
    ["http://[::1]:80/rabbit", "http://[::1]:80/rabbit"],
    ["http://a:1,http://b", "http://a:1,http://b:15672"],
  ];
  for (const [text, url] of rows) assertEquals(managementPlace(text), url);
  for (const text of ["", "h", "ftp://h", "http://h:99999", "http://a,"]) {
    assertThrows(() => managementPlace(text), Error, "wants http");
  }
  assertThrows(() => managementPlace("http://u:p@h"), Error, "no user in it");
});

Deno.test("managementUrls() are on the queue's own hosts, unless they are named", () => {
  const url = queueUrl("amqps://a,[::1]:5/v");
  assertEquals(managementUrls("usual", url), [
    "https://a:15671",
    "https://[::1]:15671",
  ]);
  const clear = queueUrl("amqp://a");
  assertEquals(managementUrls("usual", clear), ["http://a:15672"]);
  assertEquals(managementUrls("http://x:1,http://y:1", clear), [
    "http://x:1",
    "http://y:1",
  ]);
});

function management(place: string, from = "amqp://u:p%C3%A4@127.0.0.1") {
  const secrets = { credentials: () => null, authorities: () => [] };
  const settings = { ...usualSettings, management: place };
  return new Management(queueOptions(queueUrl(from), settings, secrets));
}

async function answering(
  answer: (request: Request) => Response,
  fn: (url: string) => Promise<void>,
): Promise<void> {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    answer,
  );
  try {
    await fn(`http://127.0.0.1:${server.addr.port}`);
  } finally {
    await server.shutdown();
  }
}

Deno.test("Management asks as the queue's user, of whoever answers", () => {
  const asked: string[] = [];
  return answering((request) => {
    const { pathname, search } = new URL(request.url);
    asked.push(pathname + search, request.headers.get("authorization")!);
    return Response.json({ name: "q" });
  }, async (url) => {
    const api = management(`http://127.0.0.1:1,${url}`);
    assertEquals(await api.get("queues/%2F/q?columns=name"), { name: "q" });
    const user = `Basic ${btoa("u:p\xc3\xa4")}`;
    assertEquals(asked, ["/api/queues/%2F/q?columns=name", user]);
  });
});

Deno.test("Management goes past the proxy that the environment names", () =>
  answering(() => Response.json([]), async (url) => {
    const before = Deno.env.get("http_proxy");
    Deno.env.set("http_proxy", "http://127.0.0.1:1");
    try {
      assertEquals(await management(url).get("nodes"), []);
    } finally {
      if (before === undefined) Deno.env.delete("http_proxy");
      else Deno.env.set("http_proxy", before);
    }
  }));

const refusals: readonly (readonly [string, () => Response, string])[] = [
  [
    "a wrong password",
    () => Response.json({ reason: "Login failed" }, { status: 401 }),
    "--queue-auth",
  ],
  [
    "a user without its tag",
    () => Response.json({ reason: "Not monitor user" }, { status: 401 }),
    "rabbitmqctl set_user_tags u monitoring",
  ],
  ["a failure", () => new Response("no", { status: 500 }), "rabbitmq-plugins"],
  ["no JSON", () => new Response("<html>"), "rabbitmq-plugins"],
  [
    "too much",
    () => new Response("x".repeat(5 << 20)),
    "rabbitmq-plugins",
  ],
];

for (const [name, answer, remedy] of refusals) {
  Deno.test(
    { name: `Management says what to type: ${name}`, sanitizeResources: false },
    () =>
      answering(answer, async (url) => {
        const error = await assertRejects(
          () => management(url).get("nodes"),
          Remediable,
        );
        assertEquals((error as Remediable).remedy?.includes(remedy), true);
      }),
  );
}

Deno.test("Management tells what is not there from what does not answer", () =>
  answering(() => new Response("{}", { status: 404 }), async (url) => {
    assertEquals(await management(url).get("queues/%2F/q"), null);
  }));
