import 'reflect-metadata'
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo'
import {
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
  Module,
  type NestInterceptor,
  type OnModuleInit,
  SetMetadata,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common'
import { Reflector } from '@nestjs/core'
import {
  Args,
  Context,
  Extensions,
  Field,
  GqlExecutionContext,
  GraphQLModule,
  ID,
  Mutation,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  Resolver,
  Subscription,
} from '@nestjs/graphql'
import { map } from 'rxjs'
import type { AuthContext } from '../../../src/core/auth-context.js'
import { type AnyRequest, carrierOf } from '../../../src/core/caller/carrier.js'
import { publicAccess } from '../../../src/decorators/public-access.js'
import { requireOAuth } from '../../../src/decorators/require-oauth.js'
import { requirePerm } from '../../../src/decorators/require-perm.js'
import { protectSchema } from '../../../src/schema/protect-schema.js'
import { apolloAuth, httpContext } from '../../../src/transports/http/index.js'
import { believes, engine } from '../../core/support.js'

interface OperationContext {
  readonly auth: AuthContext
}

const { auth } = engine([believes], { permissions: { check: (_, questions) => questions.map(({ object }) => object === 'mine') } })

/** A guard of the application's own, which reads metadata that a decorator left on the method. */
@Injectable()
class Rooms implements CanActivate {
  readonly #reflector: Reflector
  constructor(@Inject(Reflector) reflector: Reflector) {
    this.#reflector = reflector
  }

  canActivate(context: ExecutionContext): boolean {
    const room = this.#reflector.get<string | undefined>('room', context.getHandler())
    return room === 'open' && GqlExecutionContext.create(context).getContext<OperationContext>().auth !== undefined
  }
}

@Injectable()
class Shout implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): ReturnType<NestInterceptor['intercept']> {
    return next.handle().pipe(map((value) => `${String(value)}!`))
  }
}

@ObjectType()
class Item {
  @Field(() => ID)
  id!: string

  @Field(() => String)
  name!: string
}

@Resolver(() => Item)
class Items {
  readonly prefix: string = 'item:'

  @requireOAuth('read')
  @Query(() => String, { nullable: true })
  above(@Args('id', { type: () => ID }) id: string, @Context() _context: OperationContext): string {
    return this.prefix + id
  }

  @Query(() => String, { nullable: true })
  @requireOAuth('read')
  below(@Args('id', { type: () => ID }) id: string, @Context() _context: OperationContext): string {
    return this.prefix + id
  }

  @requireOAuth('read')
  @Query(() => String, { nullable: true })
  plain(): string {
    return `${this.prefix}plain`
  }

  @requireOAuth('read')
  @Query(() => String, { nullable: true })
  withoutContext(@Args('id', { type: () => ID }) id: string): string {
    return this.prefix + id
  }

  @requirePerm('write')
  @Mutation(() => String, { nullable: true })
  async change(@Context() _context: OperationContext, @Args('id', { type: () => ID }) id: string): Promise<string> {
    return `changed ${id}`
  }

  @Mutation(() => String, { nullable: true })
  @requirePerm('write', { object: (id: string) => id })
  async changeMine(@Args('id', { type: () => ID }) id: string, @Context() _context: OperationContext): Promise<string> {
    return `changed ${id}`
  }

  @requireOAuth('read')
  @UseGuards(Rooms)
  @UseInterceptors(Shout)
  @SetMetadata('room', 'open')
  @Query(() => String, { nullable: true })
  metadataBelow(@Context() _context: OperationContext): string {
    return 'metadata'
  }

  @UseGuards(Rooms)
  @UseInterceptors(Shout)
  @SetMetadata('room', 'open')
  @Query(() => String, { nullable: true })
  @requireOAuth('read')
  metadataAbove(@Context() _context: OperationContext): string {
    return 'metadata'
  }

  @requireOAuth('read')
  @UseGuards(Rooms)
  @SetMetadata('room', 'closed')
  @Query(() => String, { nullable: true })
  closed(@Context() _context: OperationContext): string {
    return 'closed'
  }

  @publicAccess()
  @Query(() => String, { nullable: true })
  openToSomebody(): string {
    return 'open'
  }

  @Extensions({ auth: { public: true } })
  @Query(() => String, { nullable: true })
  openToAll(): string {
    return 'open'
  }

  @Extensions({ auth: { scopes: 'read' } })
  @Query(() => String, { nullable: true })
  extended(): string {
    return 'extended'
  }

  @Query(() => Item)
  item(): Item {
    return { id: '1', name: 'tea' }
  }

  @requireOAuth('secret')
  @ResolveField(() => String, { nullable: true })
  secret(@Parent() item: Item, @Context() _context: OperationContext): string {
    return `secret of ${item.name}`
  }

  @ResolveField(() => String, { nullable: true })
  @requireOAuth('secret')
  secretBelow(@Parent() item: Item, @Context() _context: OperationContext): string {
    return `secret of ${item.name}`
  }

  @requireOAuth('secret')
  @ResolveField(() => String, { nullable: true })
  secretPlain(item: Item): string {
    return `${this.prefix}secret of ${item.name}`
  }

  @requireOAuth('feed')
  @Subscription(() => String)
  async *ticks(@Context() _context: OperationContext): AsyncGenerator<{ readonly ticks: string }> {
    yield { ticks: `${this.prefix}1` }
    yield { ticks: `${this.prefix}2` }
  }

  @Subscription(() => String, { filter: ({ ticksBelow }: { readonly ticksBelow: string }) => ticksBelow.endsWith('2') })
  @requireOAuth('feed')
  async *ticksBelow(@Context() _context: OperationContext): AsyncGenerator<{ readonly ticksBelow: string }> {
    yield { ticksBelow: `${this.prefix}1` }
    yield { ticksBelow: `${this.prefix}2` }
  }
}

@requireOAuth('class')
@Resolver()
class Above implements OnModuleInit {
  started: boolean = false

  @publicAccess()
  onModuleInit(): void {
    this.started = true
  }

  @Query(() => String, { nullable: true })
  ofClassAbove(@Context() _context: OperationContext): string {
    return `class ${this.started}`
  }
}

@Resolver()
@requireOAuth('class')
class Below {
  @requirePerm('write')
  @Query(() => String, { nullable: true })
  ofClassBelow(@Context() _context: OperationContext): string {
    return 'class'
  }
}

type WsContext = { readonly extra: { readonly request: AnyRequest }; readonly connectionParams?: unknown }

@Module({
  imports: [
    GraphQLModule.forRoot<ApolloDriverConfig>({
      driver: ApolloDriver,
      autoSchemaFile: true,
      playground: false,
      transformSchema: (schema) => protectSchema(schema, auth),
      plugins: [apolloAuth(auth) as never],
      subscriptions: { 'graphql-ws': true },
      context: async (incoming: { readonly req: AnyRequest } | WsContext) =>
        'req' in incoming
          ? httpContext(auth, incoming.req)
          : { auth: auth.createContext(await auth.authenticate(carrierOf(incoming.extra.request, 'graphql-ws', incoming.connectionParams))) },
    }),
  ],
  providers: [Items, Above, Below, Rooms, Shout],
})
export class App {}
