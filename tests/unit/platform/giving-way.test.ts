import { describe, expect, it } from 'vitest';
import { GivingWay, type GivingWayNews, type ThreadPriorities } from '@/lib/platform/giving-way';
import { createRandom } from '@/lib/platform/random';
import { ThreadsInMemory } from '@/tests/support/threads-in-memory';

const HERE = ['10.0.0.7:6379', 'here:6379'];

function on(system: ThreadPriorities | null) {
  const news: GivingWayNews[] = [];
  return { news, way: new GivingWay({ threads: system, ownHosts: () => (host) => host === 'here' || host === '::1', told: (each) => { news.push(each); } }) };
}

const end = (held: Disposable) => { held[Symbol.dispose](); };

describe('giving way', () => {
  it('all threads stand 10 lower while it is held, and where they were afterwards', () => {
    const system = new ThreadsInMemory();
    const { way, news } = on(system);
    const held = way.giveWayTo(HERE);
    expect(system.all()).toEqual([10]);
    end(held);
    expect(system.all()).toEqual([0]);
    end(way.giveWayTo(['[::1]:7000']));
    expect(system.all()).toEqual([0]);
    expect(news).toEqual([{ kind: 'giving-way', address: 'here:6379', niceness: 10 }]);
  });

  it('nobody is lowered for nodes of other machines, where it is switched off, or where threads have no priority', () => {
    const system = new ThreadsInMemory();
    const { way } = on(system);
    end(way.giveWayTo(['10.0.0.7:6379', '[fd00::1]:6379', 'here.example.org:6379']));
    end(way.giveWayTo([]));
    end(GivingWay.never(system).giveWayTo(HERE));
    end(on(null).way.giveWayTo(HERE));
    expect(system.changes).toBe(0);
    expect(system.all()).toEqual([0]);
  });

  it('is counted: the last of several that hold it ends it, and each ends once', () => {
    const system = new ThreadsInMemory();
    const { way } = on(system);
    const [one, other] = [way.giveWayTo(HERE), way.giveWayTo(HERE)];
    end(one);
    end(one);
    expect(system.all()).toEqual([10]);
    end(other);
    expect(system.all()).toEqual([0]);
  });

  it('threads that began meanwhile come back too, by whomever they were begun, and those that ended are no obstacle', () => {
    const system = new ThreadsInMemory();
    const { way } = on(system);
    const planning = system.begin();
    way.stepBack(planning);
    expect(system.niceness(planning)).toBe(10);
    const held = way.giveWayTo(HERE);
    expect(system.niceness(planning)).toBe(19);
    const late = system.begin();
    const ofPlanning = system.begin(planning);
    const latePlanning = system.begin();
    way.stepBack(latePlanning);
    expect(system.niceness(latePlanning)).toBe(19);
    system.end(103);
    end(held);
    expect([late, planning, latePlanning, ofPlanning].map((id) => system.niceness(id))).toEqual([0, 10, 10, 10]);
  });

  it('threads that begin in the middle of lowering and of putting back are found', () => {
    for (const begunAfter of [1, 4, 9]) {
      const system = new ThreadsInMemory();
      const { way } = on(system);
      end(way.giveWayTo(HERE));
      let left = begunAfter;
      system.afterwards = () => { left -= 1; if (left === 0) system.begin(108); };
      const held = way.giveWayTo(HERE);
      expect(system.all()).toEqual([10]);
      left = begunAfter;
      end(held);
      expect(system.all()).toEqual([0]);
      expect(system.threads.size).toBe(11);
    }
  });

  it('never goes below the last place, and nothing is tried where the process stands there already', () => {
    const system = new ThreadsInMemory(13);
    const held = on(system).way.giveWayTo(HERE);
    expect(system.all()).toEqual([19]);
    end(held);
    expect(system.all()).toEqual([13]);
    const last = new ThreadsInMemory(19);
    const { way, news } = on(last);
    end(way.giveWayTo(HERE));
    expect(last.changes).toBe(0);
    expect(news).toEqual([{ kind: 'not-possible', why: 'this process stands last already' }]);
  });

  it('does not begin where a thread that steps down may not come back: one is tried, once', () => {
    const system = new ThreadsInMemory();
    system.refuses = (_, niceness, before) => niceness < before;
    const { way, news } = on(system);
    const held = way.giveWayTo(HERE);
    end(way.giveWayTo(HERE));
    end(held);
    expect(system.niceness(system.mainId)).toBe(0);
    expect([...system.threads.values()].sort((a, b) => a - b)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1]);
    expect(news).toEqual([{ kind: 'not-possible', why: expect.stringContaining('may not come back') as string }]);
  });

  it('does not begin where the system says yes and does nothing', () => {
    const system = new ThreadsInMemory();
    const silent: ThreadPriorities = { mainId: system.mainId, ids: () => system.ids(), niceness: (id) => system.niceness(id), setNiceness: () => 'set' };
    const { way, news } = on(silent);
    end(way.giveWayTo(HERE));
    expect(news).toMatchObject([{ kind: 'not-possible' }]);
  });

  it('a refusal half-way down puts back what was lowered, and it is not tried again', () => {
    const system = new ThreadsInMemory();
    system.refuses = (id, niceness) => id === 104 && niceness === 10;
    const { way, news } = on(system);
    const held = way.giveWayTo(HERE);
    expect(system.all()).toEqual([0]);
    const changes = system.changes;
    end(held);
    end(way.giveWayTo(HERE));
    expect(system.changes).toBe(changes);
    expect(news).toEqual([{ kind: 'not-possible', why: 'the system refused to lower a thread' }]);
  });

  it('a refusal half-way back holds up no other thread, is told, and is tried again at the next occasion', () => {
    const system = new ThreadsInMemory();
    const { way, news } = on(system);
    const held = way.giveWayTo(HERE);
    system.refuses = (id, niceness, before) => [system.mainId, 105].includes(id) && niceness < before;
    end(held);
    expect(system.ids().filter((id) => system.niceness(id) !== 0)).toEqual([system.mainId, 105]);
    expect(news.at(-1)).toEqual({ kind: 'not-back', threads: 2 });
    system.refuses = () => false;
    end(way.giveWayTo(HERE));
    expect(system.all()).toEqual([0]);
  });

  it('what somebody else did to a thread meanwhile is left as it is', () => {
    const system = new ThreadsInMemory();
    const { way } = on(system);
    const held = way.giveWayTo(HERE);
    system.threads.set(102, 4);
    end(held);
    expect(system.niceness(102)).toBe(4);
    expect(system.all()).toEqual([0, 4]);
  });

  it('a process begun meanwhile inherits our own place, also when it cannot begin', () => {
    const system = new ThreadsInMemory(3);
    const { way } = on(system);
    const began = () => system.niceness(system.mainId);
    const held = way.giveWayTo(HERE);
    expect([way.atOwnPlace(began), began()]).toEqual([3, 13]);
    expect(() => way.atOwnPlace(() => { throw new RangeError('no such program'); })).toThrow(RangeError);
    expect(began()).toBe(13);
    end(held);
    expect([way.atOwnPlace(began), began()]).toEqual([3, 3]);
  });

  it('ends with its owner, whoever still holds it', () => {
    const system = new ThreadsInMemory();
    const { way } = on(system);
    const held = way.giveWayTo(HERE);
    way[Symbol.dispose]();
    expect(system.all()).toEqual([0]);
    end(held);
    expect(system.all()).toEqual([0]);
  });

  it.each(Array.from({ length: 200 }, (_, seed) => seed))('whatever comes and goes in any order, all stand low while it is held and where they belong afterwards (seed %i)', (seed) => {
    const random = createRandom(`giving-way ${seed}`);
    const pick = <T>(list: readonly T[]) => list[Math.floor(random.next() * list.length)]!;
    const system = new ThreadsInMemory(Math.floor(random.next() * 9));
    const { way } = on(system);
    const held: Disposable[] = [];
    const behind = new Set<number>();
    const placeOf = (id: number) => system.place + (behind.has(id) ? 10 : 0);
    for (let step = 0; step < 60; step += 1) {
      const others = system.ids().filter((id) => id !== system.mainId);
      const what = random.next();
      if (what < 0.25) held.push(way.giveWayTo(HERE));
      else if (what < 0.5 && held.length > 0) end(held.splice(Math.floor(random.next() * held.length), 1)[0]!);
      else if (what < 0.65) system.begin();
      else if (what < 0.75 && others.length > 2) system.end(pick(others));
      else if (what < 0.85) {
        const id = system.begin();
        behind.add(id);
        way.stepBack(id);
      }
      else way.atOwnPlace(() => { expect(system.niceness(system.mainId)).toBe(system.place); });
      for (const id of system.ids()) expect([id, system.niceness(id)]).toEqual([id, Math.min(19, placeOf(id) + (held.length > 0 ? 10 : 0))]);
    }
    for (const each of held) end(each);
    for (const id of system.ids()) expect(system.niceness(id)).toBe(placeOf(id));
  });
});
