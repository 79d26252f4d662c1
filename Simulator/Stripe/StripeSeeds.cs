namespace Orchestrator.Simulator.Stripe;

/// <summary>What a fake Stripe has from the start.</summary>
/// <param name="Meters">Event names; every account named here has a meter for each.</param>
/// <param name="Customers">Customers, <c>ACCOUNT/CUSTOMER</c> where they are a connected account's.</param>
internal sealed record StripeSeeds(IReadOnlyList<string> Meters, IReadOnlyList<string> Customers)
{
    /// <summary>Makes them. Repeating it changes nothing.</summary>
    public void Plant(FakeStripe stripe)
    {
        var customers = Customers
            .Select(text => text.Split('/', 2) is [var account, var id] ? (Account: account, Id: id) : (Account: StripeOptions.DefaultAccount, Id: text))
            .ToList();
        foreach (var account in customers.Select(customer => customer.Account).Append(StripeOptions.DefaultAccount).Distinct())
        {
            if (account != StripeOptions.DefaultAccount)
                stripe.Connect(account);
            foreach (var meter in Meters)
                stripe.AddMeter(meter, account);
        }

        foreach (var (account, id) in customers)
            stripe.AddCustomer(id, account);
    }
}
