/** Every page with every one of its samples, rendered. */
import * as accessRules from '../../src/pages/access-rules.ts';
import * as alreadyAnswered from '../../src/pages/already-answered.ts';
import * as beforeSignIn from '../../src/pages/before-sign-in.ts';
import * as connectionTestSamples from '../../src/pages/connection-test-samples.ts';
import * as connectionTestStart from '../../src/pages/connection-test-start.ts';
import * as connectionTest from '../../src/pages/connection-test.ts';
import * as consent from '../../src/pages/consent.ts';
import * as factorCode from '../../src/pages/factor-code.ts';
import * as factorEnrolment from '../../src/pages/factor-enrolment.ts';
import * as factorPasskey from '../../src/pages/factor-passkey.ts';
import * as front from '../../src/pages/front.ts';
import * as handOver from '../../src/pages/hand-over.ts';
import type { Html } from '../../src/pages/html.ts';
import * as invitation from '../../src/pages/invitation.ts';
import * as join from '../../src/pages/join.ts';
import * as question from '../../src/pages/question.ts';
import * as recoveryCodes from '../../src/pages/recovery-codes.ts';
import * as stopped from '../../src/pages/stopped.ts';

export interface SamplePage {
  /** "consent.hostile": the page, then the sample. */
  name: string;
  markup: string;
}

const render = <View>(page: string, draw: (view: View) => Html, samples: Record<string, View>): SamplePage[] =>
  Object.entries(samples).map(([sample, view]) => ({ name: `${page}.${sample}`, markup: draw(view).toString() }));

export const catalogue: readonly SamplePage[] = [
  ...render('before-sign-in', beforeSignIn.beforeSignIn, beforeSignIn.samples),
  ...render('consent', consent.consent, consent.samples),
  ...render('invitation', invitation.invitation, invitation.samples),
  ...render('join', join.join, join.samples),
  ...render('question', question.questionPage, question.samples),
  ...render('factor-code', factorCode.factorCode, factorCode.samples),
  ...render('factor-enrolment', factorEnrolment.factorEnrolment, factorEnrolment.samples),
  ...render('factor-passkey', factorPasskey.factorPasskey, factorPasskey.samples),
  ...render('recovery-codes', recoveryCodes.recoveryCodes, recoveryCodes.samples),
  ...render('stopped', stopped.stopped, stopped.samples),
  ...render('hand-over', handOver.handOver, handOver.samples),
  ...render('already-answered', alreadyAnswered.alreadyAnswered, alreadyAnswered.samples),
  ...render('access-rules', accessRules.accessRules, accessRules.samples),
  ...render('front', front.front, front.samples),
  ...render('connection-test-start', connectionTestStart.connectionTestStart, connectionTestStart.samples),
  ...render('connection-test', connectionTest.connectionTest, connectionTestSamples.samples),
];

export const hostilePages = catalogue.filter(({ name }) => name.endsWith('.hostile'));
