// What the field page knows: campaign, session, orders, this device and its outbox.
import { api, OutOfReach, Refused } from "../shared/api";
import { Clock, dayOf } from "../shared/clock.svelte";
import { listen } from "../shared/events";
import { nameOf } from "../shared/i18n.svelte";
import type { CampaignView, DutyView, EventView, OrdersView, SessionView } from "../shared/types";
import { Device, dutyKey } from "./device";
import { opens } from "./entry";
import type { Waiting } from "./outbox";
import { body, type Counts } from "./report";

const ASK_EVERY_MS = 15_000;
const SEND_EVERY_MS = 5_000;
const KINDS = new Set(["orders", "inspection", "enrol", "close"]);

interface Begun {
  device: Device;
  startedMs: number;
}

/** A team's post in the browser. */
export class Post {
  readonly clock = new Clock();
  campaign = $state<CampaignView | null>(null);
  session = $state<SessionView | null>(null);
  asked = $state(false);
  orders = $state.raw<OrdersView | null>(null);
  /** Whether the standing order opens its commitment; `null` until checked. */
  sealHolds = $state<boolean | null>(null);
  /** What this browser was for the team, the newest first. */
  devices = $state.raw<Device[]>([]);
  possible = $state(true);
  /** What was begun, when, and by which device of this browser: that one reports it, whatever became of it since. */
  begun = $state.raw<Map<string, Begun>>(new Map());
  written = $state.raw<Waiting[]>([]);
  reachable = $state(true);
  problem = $state<string>("");
  ordersAt = $state(0);
  #sending = false;
  #hour = "";

  async open(): Promise<() => void> {
    const stops = [this.clock.start()];
    await this.#guarded(async () => {
      this.campaign = await api.campaign();
      this.session = (await api.session()) ?? null;
    });
    this.asked = true;
    if (this.team) stops.push(...(await this.#follow()));
    return () => stops.forEach((stop) => stop());
  }

  get team(): string | null {
    return this.session?.role === "team" ? (this.session.team ?? null) : null;
  }

  /** The device that signs. */
  get device(): Device | null {
    return this.devices[0] ?? null;
  }

  /** Whether another device speaks for the team. */
  get retired(): boolean {
    return this.device !== null && this.orders !== null && this.orders.device?.id !== this.device.id;
  }

  async #follow(): Promise<(() => void)[]> {
    this.possible = await Device.isPossible();
    await this.#look();
    await this.ask();
    const asking = setInterval(() => void this.ask(), ASK_EVERY_MS);
    const sending = setInterval(() => void this.deliver(), SEND_EVERY_MS);
    const stop = listen((this.orders?.standing?.index ?? 0) + 1, { connected: () => {}, entry: (event) => this.#hear(event) });
    return [() => clearInterval(asking), () => clearInterval(sending), stop];
  }

  #hear(event: EventView): void {
    this.clock.heard();
    if (KINDS.has(event.kind)) void this.ask();
  }

  /** Asks for the orders. */
  async ask(): Promise<void> {
    await this.#guarded(async () => {
      const orders = await api.orders();
      // Another tab may have made a new device.
      if (orders.device?.id !== this.device?.id) await this.#look();
      this.orders = orders;
      this.ordersAt = performance.now();
      this.sealHolds = orders.standing ? await opens(orders.standing.commitment, orders.standing.opening) : null;
    });
  }

  /** With a new hour a duty begins or ends. */
  hourMayHaveChanged(): void {
    const local = this.clock.local;
    const hour = local ? `${dayOf(local)} ${local.getUTCHours()}` : "";
    const changed = this.#hour !== "" && hour !== this.#hour;
    this.#hour = hour;
    if (changed && this.team) void this.ask();
  }

  async enrol(): Promise<void> {
    const { team, campaign } = this;
    if (!team || !campaign) return;
    await this.#guarded(async () => {
      await Device.enrol(campaign.id, team);
    });
    await this.ask();
    await this.#look();
  }

  startedOf(duty: DutyView): number | undefined {
    return this.#begun(duty)?.startedMs;
  }

  /** The newest entry on a duty, whatever became of it. */
  writtenOn(duty: DutyView): Waiting | undefined {
    const key = this.team ? dutyKey(this.team, duty) : "";
    return this.written.find((entry) => entry.duty === key);
  }

  async begin(duty: DutyView, anew = false): Promise<void> {
    if (!this.device || this.clock.nowMs === null) return;
    await this.device.begin(duty, this.clock.nowMs, anew);
    await this.#look();
  }

  async report(duty: DutyView, counts: Counts): Promise<void> {
    const begun = this.#begun(duty);
    if (!begun || this.clock.nowMs === null) return;
    await begun.device.write(duty, body(duty, begun.startedMs, counts), this.clock.nowMs);
    await this.#look();
    await this.deliver();
  }

  /** Sends what waits; one delivery at a time keeps the order. */
  async deliver(): Promise<void> {
    if (this.#sending || !this.written.some((entry) => entry.state === "waiting")) return;
    this.#sending = true;
    try {
      for (const device of this.devices.toReversed()) this.reachable = (await device.deliver()) === "empty";
    } finally {
      this.#sending = false;
      await this.#look();
    }
    await this.ask();
  }

  nameOfPost(id: string): string {
    const post = this.campaign?.posts.find((post) => post.id === id);
    return post ? nameOf(post) : id;
  }

  #begun(duty: DutyView): Begun | undefined {
    return this.team ? this.begun.get(dutyKey(this.team, duty)) : undefined;
  }

  async #look(): Promise<void> {
    if (this.campaign && this.team) this.devices = await Device.all(this.campaign.id, this.team);
    const begun = new Map<string, Begun>();
    // The newest device's word goes last, and so before the others'.
    for (const device of this.devices.toReversed()) {
      for (const [duty, startedMs] of await device.begun()) begun.set(duty, { device, startedMs });
    }
    this.begun = begun;
    const written = await Promise.all(this.devices.map((device) => device.written()));
    this.written = written.flat().sort((a, b) => (b.id ?? 0) - (a.id ?? 0));
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      [this.reachable, this.problem] = [true, ""];
      this.clock.heard();
    } catch (error) {
      if (error instanceof OutOfReach) this.reachable = false;
      else if (error instanceof Refused && error.problem.status === 401) this.session = null;
      else if (error instanceof Refused) this.problem = [error.problem.detail, error.problem.hint].filter(Boolean).join(". ");
      else throw error;
    }
  }
}
