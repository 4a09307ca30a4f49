// A war room in a chat, an issue in a tracker, an update that breaks a rule of tone, a draft that waits: as people see
// them on the pages. Slack and GitHub are doubles that keep what they are told. Alone: node room.mjs FIREBELL [SHOTS]
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createPort } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Browser, Program, until } from "./lib.mjs";

const SECRET = "slack-signing-secret-of-the-scenario";
const PEOPLE = { U0ADA0001: "Ada Okafor", U0GRACE02: "Grace Lindqvist" };
const [ADA, GRACE] = Object.keys(PEOPLE);

/** A port that was free a moment ago. */
const freePort = () => new Promise((done) => {
  const probe = createPort().listen(0, "127.0.0.1", () => {
    const { port } = probe.address();
    probe.close(() => done(port));
  });
});

/** Serves JSON: `answer` gets method, path and fields. */
async function double(answer) {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (bytes) => { body += bytes; });
    request.on("end", () => {
      const url = new URL(request.url, "http://double");
      const json = (request.headers["content-type"] ?? "").includes("json");
      const fields = json ? JSON.parse(body || "{}") : Object.fromEntries([...url.searchParams, ...new URLSearchParams(body)]);
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(answer(request.method, url.pathname, fields)));
    });
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

/** A workspace of Slack: channels with what was said in them. */
async function slack() {
  const channels = [];
  const clock = { n: 0 };
  const stamp = () => `${Math.floor(Date.now() / 1000)}.${String((clock.n += 1)).padStart(6, "0")}`;
  const methods = {
    "auth.test": () => ({ url: "https://example.slack.com/", user_id: "UBOT", user: "firebell", team: "Example" }),
    "conversations.create": ({ name }) => {
      const channel = { id: `C${channels.length + 1}`, name, creator: "UBOT", created: Math.floor(Date.now() / 1000), purpose: { value: "" }, said: [], pins: 0 };
      channels.push(channel);
      return { channel };
    },
    "conversations.info": (_, channel) => ({ channel }),
    "conversations.setPurpose": ({ purpose }, channel) => { channel.purpose.value = purpose; return {}; },
    "conversations.setTopic": ({ topic }, channel) => { channel.topic = topic; return {}; },
    "conversations.invite": () => ({}),
    "conversations.open": ({ users }) => ({ channel: { id: `D${users}` } }),
    "conversations.history": ({ oldest = 0 }, channel) => ({ messages: channel.said.filter((m) => +m.ts > +oldest).reverse(), has_more: false }),
    "conversations.replies": () => ({ ok: false, error: "thread_not_found" }),
    "users.lookupByEmail": () => ({ ok: false, error: "users_not_found" }),
    "users.info": ({ user }) => ({ user: { id: user, profile: { display_name: PEOPLE[user] ?? user } } }),
    "pins.add": (_, channel) => { channel.pins += 1; return {}; },
    "chat.postMessage": ({ text, blocks }, channel) => {
      const ts = stamp();
      channel?.said.push({ ts, user: "UBOT", bot_id: "B1", text, blocks });
      return { ts, channel: channel?.id };
    },
  };
  const server = await double((_, path, fields) => {
    const method = methods[path.replace("/api/", "")];
    const channel = channels.find((c) => c.id === fields.channel);
    return method ? { ok: true, ...method(fields, channel) } : { ok: false, error: "unknown_method" };
  });
  return {
    ...server,
    channels,
    /** Somebody says something; Slack tells of it as it does, signed. */
    async says(base, channel, user, text, more = {}) {
      const ts = stamp();
      channel.said.push({ ts, user, text, ...more });
      await this.tells(base, { type: "message", channel: channel.id, user, text, ts });
      return ts;
    },
    async tells(base, event) {
      const body = JSON.stringify({ type: "event_callback", event_id: `Ev${(clock.n += 1)}`, event });
      const time = Math.floor(Date.now() / 1000);
      const tag = createHmac("sha256", SECRET).update(`v0:${time}:${body}`).digest("hex");
      const headers = { "content-type": "application/json", "x-slack-request-timestamp": `${time}`, "x-slack-signature": `v0=${tag}` };
      const answer = await fetch(`${base}/hooks/slack/ops`, { method: "POST", headers, body });
      assert.equal(answer.status, 200, "a signed event is taken");
    },
  };
}

const github = () => double((method, path) => {
  if (method === "GET" && path.endsWith("/issues")) return [];
  return { number: 12, html_url: "https://github.com/acme/shop/issues/12", state: "open", full_name: "acme/shop", has_issues: true };
});

const unfold = (page) => page.evaluate(() => document.querySelectorAll("details").forEach((d) => { d.open = true; }));

/** The whole of it; `picture` is where the war room is drawn for the documentation. */
export async function rooms(binary, browser, say, picture) {
  const [chat, tracker, port] = [await slack(), await github(), await freePort()];
  const base = `http://127.0.0.1:${port}`;
  const folder = mkdtempSync(join(tmpdir(), "firebell-room-"));
  const config = join(folder, "firebell.toml");
  mkdirSync(join(folder, "oncall"));
  const person = ([account, name]) => `[[people]]\nname = "${name}"\ncontacts = [{ kind = "slack", address = "${account}" }]\n`;
  writeFileSync(join(folder, "oncall", "people.toml"), Object.entries(PEOPLE).map(person).join(""));
  writeFileSync(config, `
[server]
listen = "127.0.0.1:${port}"
[oncall]
folder = "oncall"
[[people]]
name = "Ada Okafor"
roles = ["incident_commander"]
[[people]]
name = "Grace Lindqvist"
roles = ["on_call"]
[[services]]
name = "checkout"
customer_facing = true
[[notifiers]]
kind = "slack"
name = "ops"
token = "xoxb-1-of-the-scenario"
url = "${chat.url}/api"
signing_secret = "${SECRET}"
[war_room]
bridge = "jitsi"
[[war_room.chats]]
chat = "slack/ops"
severities = ["SEV1", "SEV2"]
[trackers.shop]
kind = "github"
url = "${tracker.url}"
repo = "acme/shop"
token = "t"
[levels.sev2]
internal_every_s = 60
`);
  const program = new Program(binary, ["serve", "--config", config]);
  try {
    await until("the server answers", 60_000, async () => (await fetch(`${base}/healthz`)).ok);
    const token = readFileSync(join(program.dir, "admin.token"), "utf8").trim();
    const api = async (path, body) => {
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      const answer = await fetch(`${base}/api/v1/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
      assert.ok(answer.ok, `${path}: ${answer.status}`);
      return answer.json();
    };
    const declare = async (title, severity) => (await api("incidents", { title, severity, services: ["checkout"] })).id;
    const ada = await browser.person();
    await ada.goto(`${base}/login?token=${token}`);

    // The room stands, and the page leads there.
    const id = await declare("Customers cannot pay: every second card is refused", "SEV2");
    await ada.goto(`${base}/incidents/${id}`);
    const room = await until("the room stands", 30_000, () => chat.channels.find((c) => c.pins > 0 && c.topic));
    await ada.locator(".doors a", { hasText: `#${room.name}` }).waitFor({ timeout: 20_000 });
    assert.match(room.topic, new RegExp(`SEV2 · ${id}`), room.topic);
    const offers = room.said[0].blocks;
    for (const offer of ["Acknowledge", "Post an update", "Take a role", "Severity", "Resolve"]) assert.ok(offers.includes(offer), offer);
    say(`#${room.name} stands`);

    // What is marked there comes in while the page is open; what is told here is told there.
    await chat.says(base, room, ADA, "looking at the pool of checkout");
    const noted = await chat.says(base, room, ADA, "!note the pool of checkout is full since the deploy of 13:50 UTC");
    await chat.says(base, room, GRACE, "the graph of the pool", { reactions: [{ name: "pushpin", count: 1 }], files: [{ name: "pool.png", mimetype: "image/png", size: 52_100, permalink: "https://example.slack.com/files/pool.png" }] });
    const timeline = ada.locator("#timeline");
    for (const text of ["the pool of checkout is full", "the graph of the pool"]) await timeline.getByText(text).first().waitFor({ timeout: 30_000 });
    assert.ok(!(await timeline.innerText()).includes("looking at the pool"), "talk stays talk");
    await api(`incidents/${id}/notes`, { text: "the rollback is being prepared" });
    await until("the room hears of it", 30_000, () => room.said.some((m) => m.text.includes("the rollback is being prepared")));
    say("what is marked comes in, what is noted goes out");

    // An update that breaks a rule of tone goes out, and its author hears of it.
    await unfold(ada);
    const form = ada.locator("#write-internal form");
    await form.locator("input[name=subject]").fill("Card payments");
    await form.locator("textarea[name=body]").fill("Every second card is refused. We look again at 14:30.");
    await form.getByRole("button", { name: "Send" }).click();
    await ada.locator(".told.ok", { hasText: "Tone: \"14:30\"" }).waitFor();
    await unfold(ada);
    await ada.locator("#last-internal", { hasText: "Tone: \"14:30\"" }).waitFor();
    await until("the room hears of the update", 30_000, () => room.said.some((m) => m.text.includes("We look again at 14:30.")));
    say("the author of an update hears what breaks a rule of tone");

    await until("the next draft waits", 90_000, async () => {
      await ada.goto(`${base}/incidents/${id}`);
      return /Draft ready, goes out at/.test(await ada.locator("#to-internal").innerText());
    });
    say("a draft waits for its time");
    await unfold(ada);
    await browser.inspect(ada, "war-room", `${base}/incidents/${id}`);

    if (picture) await drawn(browser, ada, `${base}/incidents/${id}`, picture);

    room.said = room.said.filter((m) => m.ts !== noted);
    await chat.tells(base, { type: "message", subtype: "message_deleted", channel: room.id, ts: "1.1", deleted_ts: noted });
    await ada.goto(`${base}/incidents/${id}`);
    await ada.locator("#timeline").getByText(/deleted/).first().waitFor({ timeout: 20_000 });

    // A ticket has its issue.
    const ticket = await declare("The logo is blue", "SEV4");
    await until("the page leads to the issue", 30_000, async () => {
      await ada.goto(`${base}/incidents/${ticket}`);
      return ada.locator("a[href='https://github.com/acme/shop/issues/12']").count();
    });
    await browser.inspect(ada, "issue", `${base}/incidents/${ticket}`);
    const settings = await ada.goto(`${base}/settings`);
    assert.ok(settings.ok());
    await browser.inspect(ada, "systems", `${base}/settings`);
    say("an issue is linked, the systems are shown");
  } catch (error) {
    console.error(program.text.slice(-3000));
    throw error;
  } finally {
    await browser.leave();
    await program.stop();
    chat.close();
    tracker.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The head of the page and what was said, for the documentation. */
async function drawn(browser, page, address, file) {
  const state = await page.context().storageState();
  const context = await browser.real.newContext({ viewport: { width: 1180, height: 900 }, storageState: state });
  const view = await context.newPage();
  await view.goto(address, { waitUntil: "load" });
  const box = await view.locator(".top").boundingBox();
  const head = await view.screenshot({ clip: { x: 0, y: box.y - 8, width: 1180, height: box.height + 16 }, fullPage: true });
  const list = view.locator("#timeline");
  await view.goto(`${address}?kind=people`, { waitUntil: "load" });
  const lines = await list.boundingBox();
  const said = await view.screenshot({ clip: { ...lines, height: Math.min(lines.height, 572) }, fullPage: true });
  // One below the other.
  const sheet = await browser.real.newPage({ viewport: { width: 1180, height: 400 } });
  const of = (bytes) => `data:image/png;base64,${bytes.toString("base64")}`;
  await sheet.setContent(`<body style="margin:0;background:#f4f6f8"><img src="${of(head)}"><br><img src="${of(said)}" style="margin:0 16px 16px"></body>`);
  await sheet.locator("img").last().waitFor();
  await sheet.screenshot({ path: file, fullPage: true });
  await context.close();
  await sheet.close();
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [binary = "../target/debug/firebell", shots = "shots", picture] = process.argv.slice(2);
  const browser = await Browser.open(shots);
  const say = (text) => console.log(`${new Date().toISOString().slice(11, 19)} ${text}`);
  try {
    await rooms(binary, browser, say, picture);
    assert.deepEqual(browser.problems, [], "pages are in order");
    say("all is well");
  } catch (error) {
    console.error(error);
    console.error(browser.problems.join("\n"));
    process.exitCode = 1;
  } finally {
    await browser.close();
  }
}
