import type { AssignmentModel } from './assignment-model';

/**
 * The rules that tie the items of groups together, with counters that make each check a few
 * reads: which bins hold the group (one bit), how many of its items each location and each
 * neighbourhood holds. Groups that a rule cannot concern have no counters for it, which is
 * what keeps 300,000 small groups on 1,000 bins in a few tens of megabytes.
 */
export class GroupRules {
  readonly #itemGroup: Int32Array;
  readonly #location: Int32Array;
  readonly #neighbourhood: Int32Array;
  readonly #locationCount: number;
  readonly #neighbourhoodCount: number;
  readonly #spreadMin: Int32Array;

  /** -1 = a group of one item conflicts with nothing. */
  readonly #bitSlot: Int32Array;
  readonly #bits: Int32Array;
  readonly #words: number;
  /** -1 = no spread is asked of the group. */
  readonly #spreadSlot: Int32Array;
  readonly #inLocation: Int32Array;
  readonly #locationsHeld: Int32Array;
  /** -1 = depends on nothing, and nothing on it. */
  readonly #linkSlot: Int32Array;
  readonly #inNeighbourhood: Int32Array;
  readonly #neededStart: Int32Array;
  readonly #needed: Int32Array;
  readonly #neederStart: Int32Array;
  readonly #needers: Int32Array;

  constructor(model: AssignmentModel) {
    this.#itemGroup = model.itemGroup;
    this.#location = model.location;
    this.#neighbourhood = model.neighbourhood;
    this.#locationCount = model.locationCount;
    this.#neighbourhoodCount = model.neighbourhoodCount;
    this.#spreadMin = model.spreadMin;

    const size = new Int32Array(model.groupCount);
    for (const group of model.itemGroup) size[group]! += 1;
    const bits = slots(model.groupCount, (group) => size[group]! > 1);
    this.#words = (model.binCount + 31) >>> 5;
    this.#bitSlot = bits.slot;
    this.#bits = new Int32Array(bits.count * this.#words);

    const spread = slots(model.groupCount, (group) => model.spreadMin[group]! > 1);
    this.#spreadSlot = spread.slot;
    this.#inLocation = new Int32Array(spread.count * model.locationCount);
    this.#locationsHeld = new Int32Array(spread.count);

    const links = linksOf(model);
    this.#neededStart = links.neededStart;
    this.#needed = links.needed;
    this.#neederStart = links.neederStart;
    this.#needers = links.needers;
    const linked = slots(model.groupCount, (group) => links.neededStart[group + 1]! > links.neededStart[group]! || links.neederStart[group + 1]! > links.neederStart[group]!);
    this.#linkSlot = linked.slot;
    this.#inNeighbourhood = new Int32Array(linked.count * model.neighbourhoodCount);
  }

  /** Nothing is anywhere. */
  clear(): void {
    this.#bits.fill(0);
    this.#inLocation.fill(0);
    this.#locationsHeld.fill(0);
    this.#inNeighbourhood.fill(0);
  }

  add(item: number, bin: number): void {
    const group = this.#itemGroup[item]!;
    const bitSlot = this.#bitSlot[group]!;
    if (bitSlot >= 0) this.#bits[bitSlot * this.#words + (bin >>> 5)]! |= 1 << (bin & 31);
    const spreadSlot = this.#spreadSlot[group]!;
    if (spreadSlot >= 0) {
      const index = spreadSlot * this.#locationCount + this.#location[bin]!;
      if (this.#inLocation[index] === 0) this.#locationsHeld[spreadSlot]! += 1;
      this.#inLocation[index]! += 1;
    }
    const linkSlot = this.#linkSlot[group]!;
    if (linkSlot >= 0) this.#inNeighbourhood[linkSlot * this.#neighbourhoodCount + this.#neighbourhood[bin]!]! += 1;
  }

  /** Says again that the bin holds the item, after another of its group was removed from there. */
  restore(item: number, bin: number): void {
    const bitSlot = this.#bitSlot[this.#itemGroup[item]!]!;
    if (bitSlot >= 0) this.#bits[bitSlot * this.#words + (bin >>> 5)]! |= 1 << (bin & 31);
  }

  remove(item: number, bin: number): void {
    const group = this.#itemGroup[item]!;
    const bitSlot = this.#bitSlot[group]!;
    if (bitSlot >= 0) this.#bits[bitSlot * this.#words + (bin >>> 5)]! &= ~(1 << (bin & 31));
    const spreadSlot = this.#spreadSlot[group]!;
    if (spreadSlot >= 0) {
      const index = spreadSlot * this.#locationCount + this.#location[bin]!;
      this.#inLocation[index]! -= 1;
      if (this.#inLocation[index] === 0) this.#locationsHeld[spreadSlot]! -= 1;
    }
    const linkSlot = this.#linkSlot[group]!;
    if (linkSlot >= 0) this.#inNeighbourhood[linkSlot * this.#neighbourhoodCount + this.#neighbourhood[bin]!]! -= 1;
  }

  /** Does the bin hold an item of this item's group? */
  conflicts(item: number, bin: number): boolean {
    const bitSlot = this.#bitSlot[this.#itemGroup[item]!]!;
    return bitSlot >= 0 && (this.#bits[bitSlot * this.#words + (bin >>> 5)]! & (1 << (bin & 31))) !== 0;
  }

  /** Is every spread wide enough, and everything that is needed where it is needed? */
  hold(): boolean {
    const hoods = this.#neighbourhoodCount;
    for (let group = 0; group < this.#spreadSlot.length; group += 1) {
      const spreadSlot = this.#spreadSlot[group]!;
      if (spreadSlot >= 0 && this.#locationsHeld[spreadSlot]! < this.#spreadMin[group]!) return false;
      for (let at = this.#neededStart[group]!; at < this.#neededStart[group + 1]!; at += 1) {
        const own = this.#linkSlot[group]! * hoods;
        const needed = this.#linkSlot[this.#needed[at]!]! * hoods;
        for (let hood = 0; hood < hoods; hood += 1) {
          if (this.#inNeighbourhood[own + hood]! > 0 && this.#inNeighbourhood[needed + hood] === 0) return false;
        }
      }
    }
    return true;
  }

  /** May the item go from bin to bin, as far as spread and dependencies are concerned? */
  allowsShift(item: number, from: number, to: number): boolean {
    const group = this.#itemGroup[item]!;
    return this.#keepsSpread(group, from, to) && (this.#linkSlot[group]! < 0 || this.#keepsLinks(group, from, to));
  }

  /** The same for two items of different groups that change bins with one another. */
  allowsSwap(first: number, second: number, firstBin: number, secondBin: number): boolean {
    const firstGroup = this.#itemGroup[first]!;
    const secondGroup = this.#itemGroup[second]!;
    if (!this.#keepsSpread(firstGroup, firstBin, secondBin) || !this.#keepsSpread(secondGroup, secondBin, firstBin)) return false;
    const firstSlot = this.#linkSlot[firstGroup]!;
    const secondSlot = this.#linkSlot[secondGroup]!;
    if (firstSlot < 0 && secondSlot < 0) return true;
    const firstHood = this.#neighbourhood[firstBin]!;
    const secondHood = this.#neighbourhood[secondBin]!;
    if (firstHood === secondHood) return true;
    this.#shiftCount(firstSlot, firstHood, secondHood);
    this.#shiftCount(secondSlot, secondHood, firstHood);
    const allowed = (firstSlot < 0 || this.#linksHold(firstGroup, firstHood, secondHood)) && (secondSlot < 0 || this.#linksHold(secondGroup, secondHood, firstHood));
    this.#shiftCount(firstSlot, secondHood, firstHood);
    this.#shiftCount(secondSlot, firstHood, secondHood);
    return allowed;
  }

  /**
   * The same for an item that goes to where another of a different group is, which goes to a third
   * bin: one after the other, which is sufficient, since what the first step leaves behind holds too.
   */
  allowsEject(item: number, ejected: number, { from, via, to }: { readonly from: number; readonly via: number; readonly to: number }): boolean {
    if (!this.allowsShift(ejected, via, to)) return false;
    this.remove(ejected, via);
    this.add(ejected, to);
    const allowed = this.allowsShift(item, from, via);
    this.remove(ejected, to);
    this.add(ejected, via);
    return allowed;
  }

  #shiftCount(slot: number, from: number, to: number): void {
    if (slot < 0) return;
    this.#inNeighbourhood[slot * this.#neighbourhoodCount + from]! -= 1;
    this.#inNeighbourhood[slot * this.#neighbourhoodCount + to]! += 1;
  }

  #keepsSpread(group: number, from: number, to: number): boolean {
    const slot = this.#spreadSlot[group]!;
    if (slot < 0) return true;
    const source = this.#location[from]!;
    const target = this.#location[to]!;
    if (source === target) return true;
    const base = slot * this.#locationCount;
    const lost = this.#inLocation[base + source] === 1 ? 1 : 0;
    const won = this.#inLocation[base + target] === 0 ? 1 : 0;
    // What is below its minimum at the start must only not get worse.
    return won >= lost || this.#locationsHeld[slot]! - 1 >= this.#spreadMin[group]!;
  }

  #keepsLinks(group: number, from: number, to: number): boolean {
    const source = this.#neighbourhood[from]!;
    const target = this.#neighbourhood[to]!;
    if (source === target) return true;
    const slot = this.#linkSlot[group]!;
    this.#shiftCount(slot, source, target);
    const allowed = this.#linksHold(group, source, target);
    this.#shiftCount(slot, target, source);
    return allowed;
  }

  /** After the counters were changed: what this group needs is where it is now, and who needs it has not lost it. */
  #linksHold(group: number, source: number, target: number): boolean {
    const hoods = this.#neighbourhoodCount;
    for (let at = this.#neededStart[group]!; at < this.#neededStart[group + 1]!; at += 1) {
      if (this.#inNeighbourhood[this.#linkSlot[this.#needed[at]!]! * hoods + target] === 0) return false;
    }
    if (this.#inNeighbourhood[this.#linkSlot[group]! * hoods + source]! > 0) return true;
    for (let at = this.#neederStart[group]!; at < this.#neederStart[group + 1]!; at += 1) {
      if (this.#inNeighbourhood[this.#linkSlot[this.#needers[at]!]! * hoods + source]! > 0) return false;
    }
    return true;
  }
}

function slots(groupCount: number, concerned: (group: number) => boolean): { slot: Int32Array; count: number } {
  const slot = new Int32Array(groupCount).fill(-1);
  let count = 0;
  for (let group = 0; group < groupCount; group += 1) {
    if (concerned(group)) slot[group] = count++;
  }
  return { slot, count };
}

/** Dependencies both ways, without those of a group on itself, which always hold. */
function linksOf({ groupCount, dependencyStart, dependencies }: AssignmentModel) {
  const neededStart = new Int32Array(groupCount + 1);
  const neederStart = new Int32Array(groupCount + 1);
  for (let group = 0; group < groupCount; group += 1) {
    for (let at = dependencyStart[group]!; at < dependencyStart[group + 1]!; at += 1) {
      const other = dependencies[at]!;
      if (other === group) continue;
      neededStart[group + 1]! += 1;
      neederStart[other + 1]! += 1;
    }
  }
  for (let group = 0; group < groupCount; group += 1) {
    neededStart[group + 1]! += neededStart[group]!;
    neederStart[group + 1]! += neederStart[group]!;
  }
  const needed = new Int32Array(neededStart[groupCount]!);
  const needers = new Int32Array(neederStart[groupCount]!);
  const neederFill = neederStart.slice();
  let fill = 0;
  for (let group = 0; group < groupCount; group += 1) {
    for (let at = dependencyStart[group]!; at < dependencyStart[group + 1]!; at += 1) {
      const other = dependencies[at]!;
      if (other === group) continue;
      needed[fill++] = other;
      needers[neederFill[other]!++] = group;
    }
  }
  return { neededStart, needed, neederStart, needers };
}
