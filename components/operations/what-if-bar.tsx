'use client';

import { Loader } from '@mantine/core';
import { IconArrowRight } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { WriteAllowed } from '@/lib/client/freshness';
import { WriteButton } from '@/components/ui/write-button';
import { formatBytes, formatCount, formatRatio } from '@/lib/client/format';
import type { Plan } from '@/lib/contract/plan';
import type { PlanProof } from '@/lib/contract/plan-proof';
import { BALANCE_DIMENSIONS, WEIGHED_DIMENSIONS } from '@/lib/contract/vocabulary';
import { gainedWords } from './objective-words';
import { DIMENSION_WORDS } from './plan-words';
import { sameQuestion, type WhatIfState } from './use-what-if';
import classes from './what-if.module.css';

interface WhatIfBarProps {
  readonly state: WhatIfState;
  /** The plan under review: what the numbers are held against. */
  readonly plan: Plan | null;
  /** Why nothing can be asked; `null` when it can. */
  readonly missing: string | null;
  readonly write: WriteAllowed;
  readonly previewing: boolean;
  readonly onPreview: () => void;
}

/** What the form as it stands would bring, always in sight beside what is being dragged, and the button that keeps it. */
export function WhatIfBar({ state, plan, missing, write, previewing, onPreview }: WhatIfBarProps) {
  const { whatIf, pending } = state;
  const same = whatIf !== null && plan !== null && !pending && sameQuestion(whatIf, plan);
  return (
    <section className={classes['bar']} aria-label="What-if, not kept">
      <header className={classes['barHead']}>
        <span className={classes['barTitle']}>What-if, not kept</span>
        <span className={classes['barNote']} role="status">
          {missing === null && pending && <><Loader size={10} aria-hidden /> </>}{missing ?? statusWords(state, { same, plan })}
        </span>
      </header>
      <div className={classes['figures']} data-pending={pending || undefined}>
        <Figure label="Moves" value={whatIf?.stepCount ?? null} against={plan?.steps.length ?? null} print={formatCount} />
        <Figure label="Data" value={whatIf?.bytes ?? null} against={plan?.bytes ?? null} print={formatBytes} />
        <Figure label="Score" value={whatIf?.after.score ?? null} against={plan === null ? whatIf?.before.score ?? null : plan.after.score} print={(value) => value.toFixed(3)} />
        <Figure label="Gained, at least" value={gainedOf(whatIf?.proof)} against={gainedOf(plan?.proof)} print={gainedWords} />
      </div>
      <ImbalanceChips state={state} plan={plan} />
      <div className={classes['barFoot']}>
        <WriteButton write={write} blockedBy={missing} loading={previewing} onClick={onPreview} note="Makes a plan to look at; nothing moves">{same ? 'Preview again' : 'Preview this'}</WriteButton>
      </div>
    </section>
  );
}

/** Of what could be gained at best. */
function gainedOf(proof: PlanProof | null | undefined): number | null {
  return proof?.missing == null ? null : 1 - proof.missing;
}

function statusWords({ pending, problem }: WhatIfState, { same, plan }: { readonly same: boolean; readonly plan: Plan | null }): string {
  if (pending) return 'planning again';
  if (problem !== null) return problem.lost ? 'no answer from the server' : 'cannot be planned';
  if (same) return 'the same request as the plan under review';
  return plan === null ? 'against now' : 'against the plan under review';
}

interface FigureProps {
  readonly label: string;
  readonly value: number | null;
  readonly against: number | null;
  readonly print: (value: number) => string;
}

/** A number and how it differs from the other, by sign. */
function Figure({ label, value, against, print }: FigureProps) {
  return (
    <div className={classes['figure']}>
      <span className={classes['figureLabel']}>{label}</span>
      <span className={classes['figureValue']}>{value === null ? '–' : print(value)}</span>
      <span className={classes['figureDelta']}>{differenceOf(value, against, print)}</span>
    </div>
  );
}

/** "+12", "-1.2 GiB", "±0"; nothing where either is unknown. */
export function differenceOf(value: number | null, against: number | null, print: (value: number) => string): string {
  if (value === null || against === null) return ' ';
  // Loads move all the time: what is a thousandth apart is the same.
  const difference = print(Math.abs(value - against));
  if (difference === print(0) || Math.abs(value - against) < Math.max(value, against) / 1_000) return '±0';
  return `${value > against ? '+' : '−'}${difference}`;
}

/** Imbalance of what the strategy evens, from what is kept to what would be. */
function ImbalanceChips({ state, plan }: Pick<WhatIfBarProps, 'state' | 'plan'>) {
  const { whatIf, pending } = state;
  const weighed = whatIf === null ? [] : WEIGHED_DIMENSIONS[whatIf.strategy];
  const from = plan?.after.imbalance ?? whatIf?.before.imbalance;
  const shown = BALANCE_DIMENSIONS.filter((dimension) => weighed.includes(dimension) && whatIf !== null && whatIf.after.imbalance[dimension] !== null);
  return (
    <ul className={classes['chips']} aria-label="Imbalance" data-pending={pending || undefined} data-beside={plan === null || undefined}>
      {whatIf !== null && shown.map((dimension) => (
        <li key={dimension}>
          <span className={classes['chipLabel']}>{DIMENSION_WORDS[dimension]}</span>
          <Change from={from?.[dimension] ?? null} to={whatIf.after.imbalance[dimension]} />
        </li>
      ))}
      {shown.length === 0 && <li className={classes['chipLabel']}>Imbalance: –</li>}
    </ul>
  );
}

function Change({ from, to }: { readonly from: number | null; readonly to: number | null }): ReactNode {
  if (from === null || formatRatio(from) === formatRatio(to)) return <span>{formatRatio(to)}</span>;
  return <span>{formatRatio(from)}<IconArrowRight size={11} className={classes['arrow']} role="img" aria-label="to" />{formatRatio(to)}</span>;
}
