// The types of CSS modules and style sheets come with Next. `next-env.d.ts` is made by a build
// and is not kept, and the types must check before the first build too.
/// <reference types="next" />
/// <reference types="next/image-types/global" />
